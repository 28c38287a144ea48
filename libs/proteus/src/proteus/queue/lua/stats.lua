-- stats: one reading of the queue. Changes nothing.
-- The mean wait is over jobs claimed in the last 30 s and the ages of those waiting. Beyond 64 waiting jobs each
-- engine's are sampled at even distances: ages fall steadily along a line, so the mean is the same within a step.
-- An account that may only read cannot set a key of another type aside: for it such a key is empty, and named.
-- KEYS, ARGV 1-7: lib/base.
-- Returns: {waiting, running, retrying, dead, busy, age of the oldest waiting ms, mean wait in thousandths of a ms, parked,
--   spare that wait, spare that run or wait for a retry, {keys that could not be read}, then engine, waiting of it, …}.
--- include base
local change, unread, empty = call, {}, {LLEN = 0, ZCARD = 0, ZCOUNT = 0}
local function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) or set_aside(key, 'another type') then
    return change(command, key, ...)
  end
  if not unread[key] then unread[#unread + 1], unread[key] = key, true end
  return empty[command] or {}
end
--- include index
-- since_of(order): the server's time in ms at which it was given out.
local function since_of(order)
  return math.floor((order < -EXPRESS and -order - EXPRESS or order < 0 and order + EXPRESS or order) / 1000)
end

local of_engine, indexed, oldest, total = {}, ahead_of('+inf'), 0, 0
for _, engine in ipairs(engines()) do
  local length = call('ZCARD', INDEX .. engine)
  local samples, sum = math.ceil(64 * length / math.max(indexed, 64)), 0
  for i = 0, samples - 1 do
    local rank = math.floor(i * length / samples)
    local age = math.max(0, NOW - since_of(tonumber(call('ZRANGE', INDEX .. engine, rank, rank, 'WITHSCORES')[2])))
    sum, oldest = sum + age, math.max(oldest, age)
  end
  if samples > 0 then total = total + sum / samples * length end
  of_engine[#of_engine + 1], of_engine[#of_engine + 2] = engine, length
end
local count, now_second = indexed, math.floor(NOW / 1000)
for _, bucket in ipairs(call('HVALS', WAITS)) do
  local second, n, waited = string.match(bucket, '(%d+):(%d+):(%d+)')
  if second and now_second - second < 30 then count, total = count + n, total + waited end
end
local mean = count > 0 and math.floor(total / count * 1000) or 0
return {call('LLEN', LIST), call('ZCARD', LEASES), call('ZCARD', RETRY), call('ZCARD', DEAD),
  call('ZCARD', BUSY), oldest, mean, call('ZCARD', PARKED), call('ZCARD', SPARE), call('ZCARD', SPARE_DUE), unread,
  unpack(of_engine)}
