-- One provider's bets for one wallet, by hand: verify, read, translate, ask, translate back.
-- HMAC comes from the libcrypto that nginx is linked to; one dialect, one operation, and no journal.
local cjson = require "cjson.safe"
local ffi = require "ffi"
ffi.cdef [[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t n,
                    unsigned char *out, unsigned int *out_len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local M = {}
local PROVIDER = "acme"
local PASSWORD = os.getenv("PASSWORD")
local SIGNING = ngx.decode_base64((os.getenv("SIGNING"):gsub("^whsec_", "")))
local EXPONENTS = { EUR = 2, USD = 2, GBP = 2, JPY = 0, KWD = 3 }
local REFUSALS = {
  request_invalid = { 400, "Bad request. Badly formatted JSON." },
  insufficient_funds = { 402, "The player does not have enough money for the action." },
  signature_invalid = { 403, "Forbidden. Request sign doesn't match." },
  session_invalid = { 403, "Forbidden. Request sign doesn't match." },
  player_not_found = { 404, "Player not found." },
  game_not_available = { 405, "Game is not available." },
  player_blocked = { 407, "Player is blocked." },
  bet_not_allowed = { 408, "Bet is rejected." },
  limit_exceeded = { 418, "The player has reached his responsible limits." },
  internal_error = { 500, "Unknown error." },
  maintenance = { 503, "Service is unavailable." },
  unknown = { 504, "Request timed out." },
}
local sha256, digest = ffi.C.EVP_sha256(), ffi.new("unsigned char[32]")

local function hmac(key, text)
  ffi.C.HMAC(sha256, key, #key, text, #text, digest, nil)
  return ffi.string(digest, 32)
end

local HEX = {}
for byte = 0, 255 do HEX[string.char(byte)] = string.format("%02x", byte) end

local function verified(body)
  local given = ngx.var.http_x_request_sign
  if not given or #given ~= 64 then return false end
  return ffi.C.CRYPTO_memcmp(hmac(PASSWORD, body):gsub(".", HEX), given, 64) == 0
end

local function answer(status, outcome, told)
  ngx.var.outcome = outcome
  ngx.ctx.outcome = outcome
  ngx.status = status
  local out = cjson.encode(told)
  ngx.header["Content-Length"] = #out
  ngx.print(out)
end

local function refuse(outcome)
  local told = REFUSALS[outcome] or REFUSALS.unknown
  return answer(told[1], outcome, { code = told[1], message = told[2] })
end

-- 150 as "1.50"; doubles are exact up to 2^53, and nothing above is taken.
local function major(amount, exponent)
  local digits = string.format("%.0f", amount)
  if exponent == 0 then return digits end
  digits = string.rep("0", exponent + 1 - #digits) .. digits
  return digits:sub(1, -exponent - 1) .. "." .. digits:sub(-exponent)
end

-- "98.50" as 9850; nothing is rounded.
local function minor(text, exponent)
  local whole, fraction = tostring(text):match("^(%d+)%.?(%d*)$")
  if not whole or #fraction > exponent then return nil end
  return tonumber(whole .. fraction .. string.rep("0", exponent - #fraction))
end

local function is_text(value) return type(value) == "string" end

function M.callback()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body then return refuse("request_invalid") end
  if not verified(body) then return refuse("signature_invalid") end
  local sent = cjson.decode(body)
  local payload = type(sent) == "table" and sent.payload
  local transfer = type(payload) == "table" and payload.provider_transfer_data
  if type(transfer) ~= "table" or sent.action ~= "bet" then return refuse("request_invalid") end
  local player, currency, amount = sent.player_id, sent.currency_code, sent.amount
  local session, transaction, round = payload.session_token, transfer.transaction_id, transfer.round_id
  local exponent = EXPONENTS[currency]
  if not (is_text(player) and is_text(session) and is_text(transaction) and is_text(round) and exponent) then
    return refuse("request_invalid")
  end
  if not transaction:find("^[%w%._:-]+$") then return refuse("request_invalid") end -- it goes into a header
  if type(amount) ~= "number" or amount < 0 or amount % 1 ~= 0 or amount > 2 ^ 53 then
    return refuse("request_invalid")
  end
  ngx.var.transaction = transaction
  local key = PROVIDER .. ":bet:" .. transaction
  local call = cjson.encode {
    provider = PROVIDER, player = player, session = session, currency = currency,
    game = is_text(payload.reference) and payload.reference or nil, transaction = key,
    amount = major(amount, exponent), round = round,
  }
  local id, stamp = ngx.var.request_id, tostring(ngx.time())
  local sign = "v1," .. ngx.encode_base64(hmac(SIGNING, id .. "." .. stamp .. "." .. call))
  local reply = ngx.location.capture("/wallet", {
    method = ngx.HTTP_POST, body = call,
    vars = { wallet_key = key, wallet_id = id, wallet_stamp = stamp, wallet_sign = sign },
  })
  local said = reply.status == 200 and not reply.truncated and cjson.decode(reply.body)
  if type(said) ~= "table" or said.call ~= key or said.player ~= player then return refuse("unknown") end
  if said.outcome ~= "ok" and said.outcome ~= "already_done" then return refuse(said.outcome) end
  local balance = minor(said.balance, exponent)
  if not balance or said.currency ~= currency then return refuse("unknown") end
  return answer(200, said.outcome, {
    transaction_id = said.transaction or transaction, balance = balance, currency_code = currency,
  })
end

local BOUNDS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.8, 2.5, 3, 3.6, 4, 5, 8, 10 }
local counts, buckets, sum, total = {}, {}, 0, 0

-- After the answer has left.
function M.saw()
  local outcome, seconds = ngx.ctx.outcome or "unknown", tonumber(ngx.var.request_time)
  counts[outcome] = (counts[outcome] or 0) + 1
  local at = 1
  while BOUNDS[at] and seconds > BOUNDS[at] do at = at + 1 end
  buckets[at] = (buckets[at] or 0) + 1
  sum, total = sum + seconds, total + 1
end

function M.metrics()
  for outcome, count in pairs(counts) do
    ngx.say('callbacks_total{outcome="', outcome, '"} ', count)
  end
  local running = 0
  for at, bound in ipairs(BOUNDS) do
    running = running + (buckets[at] or 0)
    ngx.say('callback_duration_seconds_bucket{le="', bound, '"} ', running)
  end
  ngx.say('callback_duration_seconds_bucket{le="+Inf"} ', total)
  ngx.say("callback_duration_seconds_sum ", sum, "\ncallback_duration_seconds_count ", total)
end

return M
