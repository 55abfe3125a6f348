// Fastify in front, undici behind: one provider's bets for one wallet, by hand.
// The signature is over the raw body, so JSON arrives as a buffer; one pino line per callback, written asynchronously.
'use strict'

const crypto = require('node:crypto')
const { Pool } = require('undici')
const prom = require('prom-client')
const pino = require('pino')

const PROVIDER = 'acme'
const PASSWORD = crypto.createSecretKey(Buffer.from(process.env.PASSWORD))
const SIGNING = crypto.createSecretKey(Buffer.from(process.env.SIGNING.replace(/^whsec_/, ''), 'base64'))
const EXPONENTS = { EUR: 2, USD: 2, GBP: 2, JPY: 0, KWD: 3 }
const REFUSALS = {
  request_invalid: [400, 'Bad request. Badly formatted JSON.'],
  insufficient_funds: [402, 'The player does not have enough money for the action.'],
  signature_invalid: [403, "Forbidden. Request sign doesn't match."],
  session_invalid: [403, "Forbidden. Request sign doesn't match."],
  player_not_found: [404, 'Player not found.'],
  game_not_available: [405, 'Game is not available.'],
  player_blocked: [407, 'Player is blocked.'],
  bet_not_allowed: [408, 'Bet is rejected.'],
  limit_exceeded: [418, 'The player has reached his responsible limits.'],
  internal_error: [500, 'Unknown error.'],
  maintenance: [503, 'Service is unavailable.'],
  unknown: [504, 'Request timed out.']
}

const callbacks = new prom.Counter({ name: 'callbacks_total', help: 'Callbacks by outcome.', labelNames: ['outcome'] })
const duration = new prom.Histogram({
  name: 'callback_duration_seconds',
  help: 'From the head to the answer.',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.8, 2.5, 3, 3.6, 4, 5, 8, 10]
})

const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ sync: false, minLength: 8192 }))
const wallet = new Pool(process.env.WALLET, {
  connections: 1024,
  pipelining: 1,
  connect: { timeout: 250 },
  headersTimeout: 3600,
  bodyTimeout: 3600
})
const app = require('fastify')({ logger: false, bodyLimit: 65536 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body))

function verified (body, given) {
  const made = crypto.createHmac('sha256', PASSWORD).update(body).digest('hex')
  return typeof given === 'string' && given.length === made.length &&
    crypto.timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(made, 'latin1'))
}

// 150 as '1.50'
function major (amount, exponent) {
  const digits = String(amount).padStart(exponent + 1, '0')
  return exponent === 0 ? digits : digits.slice(0, -exponent) + '.' + digits.slice(-exponent)
}

// '98.50' as 9850; nothing is rounded
function minor (text, exponent) {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(text)
  const fraction = found?.[2] ?? ''
  if (!found || fraction.length > exponent) return null
  const value = Number(found[1] + fraction.padEnd(exponent, '0'))
  return Number.isSafeInteger(value) ? value : null
}

const isText = value => typeof value === 'string'

function read (body) {
  let sent
  try {
    sent = JSON.parse(body)
  } catch {
    return null
  }
  const payload = sent?.payload
  const transfer = payload?.provider_transfer_data
  const exponent = EXPONENTS[sent?.currency_code]
  const whole = sent?.action === 'bet' && exponent !== undefined && Number.isSafeInteger(sent.amount) &&
    sent.amount >= 0 && isText(sent.player_id) && isText(payload?.session_token) &&
    isText(transfer?.transaction_id) && isText(transfer.round_id)
  if (!whole) return null
  const key = `${PROVIDER}:bet:${transfer.transaction_id}`
  const call = {
    provider: PROVIDER,
    player: sent.player_id,
    session: payload.session_token,
    currency: sent.currency_code,
    game: isText(payload.reference) ? payload.reference : undefined,
    transaction: key,
    amount: major(sent.amount, exponent),
    round: transfer.round_id
  }
  return { transaction: transfer.transaction_id, key, call, exponent }
}

async function ask (bet) {
  const body = JSON.stringify(bet.call)
  const id = crypto.randomBytes(16).toString('hex')
  const stamp = String(Math.floor(Date.now() / 1000))
  const mac = crypto.createHmac('sha256', SIGNING).update(`${id}.${stamp}.`).update(body).digest('base64')
  const reply = await wallet.request({
    path: '/bet',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': bet.key,
      'webhook-id': id,
      'webhook-timestamp': stamp,
      'webhook-signature': `v1,${mac}`
    },
    body
  })
  const said = JSON.parse(await reply.body.text())
  if (reply.statusCode !== 200 || said.call !== bet.key || said.player !== bet.call.player) throw new Error('unknown')
  return said
}

async function outcomeOf (body, given) {
  if (!verified(body, given)) return ['signature_invalid', '', null]
  const bet = read(body)
  if (bet === null) return ['request_invalid', '', null]
  let said
  try {
    said = await ask(bet)
  } catch {
    return ['unknown', bet.transaction, null]
  }
  if (said.outcome !== 'ok' && said.outcome !== 'already_done') return [said.outcome, bet.transaction, null]
  const balance = minor(said.balance, bet.exponent)
  if (balance === null || said.currency !== bet.call.currency) return ['unknown', bet.transaction, null]
  const told = { transaction_id: said.transaction ?? bet.transaction, balance, currency_code: said.currency }
  return [said.outcome, bet.transaction, told]
}

app.post(`/${PROVIDER}/operator/wallet`, async (request, reply) => {
  const began = process.hrtime.bigint()
  const [outcome, transaction, told] = await outcomeOf(request.body, request.headers['x-request-sign'])
  const [code, message] = told === null ? REFUSALS[outcome] ?? REFUSALS.unknown : [200, '']
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  callbacks.inc({ outcome })
  duration.observe(seconds)
  log.info({ provider: PROVIDER, operation: 'bet', outcome, transaction, status: code, ms: Math.round(seconds * 1e4) / 10 }, 'callback')
  reply.code(code).header('content-type', 'application/json')
  return JSON.stringify(told ?? { code, message })
})
app.get('/metrics', async (request, reply) => reply.type('text/plain').send(await prom.register.metrics()))

const [host, port] = process.env.LISTEN.split(':')
app.listen({ host, port: Number(port) }).catch(fault => {
  console.error(fault)
  process.exit(1)
})
