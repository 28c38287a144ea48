-- stats: one reading of the queue. Changes nothing.
-- The mean wait is over jobs claimed in the last 30 s and the ages of those waiting (SPEC 9). Lists beyond 128 elements
-- are sampled at even distances: ages fall steadily along the list, so the mean is the same within a sample's step.
-- KEYS, ARGV 1-6: lib/base.
-- Returns: {waiting, running, retrying, dead, busy, age of the oldest waiting ms, mean wait in thousandths of a ms}.
--- include base
local length = redis.call('LLEN', LIST)
local samples, seen, sum, oldest = math.min(length, 128), 0, 0, 0
for i = 0, samples - 1 do
  local ok, payload = pcall(cjson.decode, redis.call('LINDEX', LIST, -1 - math.floor(i * length / samples)))
  local id = ok and type(payload) == 'table' and payload.id
  local times = type(id) == 'string' and redis.call('HMGET', JOB .. id, 'queued', 'submitted')
  local queued = times and (times[1] or times[2])
  if queued then
    local age = NOW - queued
    seen, sum, oldest = seen + 1, sum + age, math.max(oldest, age)
  end
end
local count, total = 0, 0
if seen > 0 then count, total = length, sum / seen * length end
local now_second = math.floor(NOW / 1000)
for _, bucket in ipairs(redis.call('HVALS', WAITS)) do
  local second, n, waited = string.match(bucket, '(%d+):(%d+):(%d+)')
  if now_second - second < 30 then count, total = count + n, total + waited end
end
local mean = count > 0 and math.floor(total / count * 1000) or 0
return {length, redis.call('ZCARD', LEASES), redis.call('ZCARD', RETRY), redis.call('ZCARD', DEAD), redis.call('ZCARD', BUSY),
  oldest, mean}
