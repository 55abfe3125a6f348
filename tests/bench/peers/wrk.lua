-- wrk sends each request of a list once: a file of raw HTTP requests, all of one size, read as it goes.
-- usage: wrk -s wrk.lua URL -- LIST SIZE
local list, size

function init(arguments)
  list = assert(io.open(arguments[1], "rb"))
  list:setvbuf("full", 262144)
  size = tonumber(arguments[2])
end

function request()
  local raw = list:read(size)
  if not raw then
    io.stderr:write("the list of callbacks is used up\n")
    os.exit(3)
  end
  return raw
end
