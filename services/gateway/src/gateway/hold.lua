-- hold: open connections of one holder, or keep those that are open.
-- Guarantee: beyond the limit nothing is added; one that is already counted stays. Those whose lease ended are forgotten, so
--   what a dead gateway held is free again after one lease.
-- KEYS 1 the holder's connections: ZSET, member -> end of its lease in ms of server TIME
-- ARGV 1 limit, 0 for none, 2 lease in ms, 3 and on: members
-- Returns: 1 (held) or 0 (one too many).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local limit = tonumber(ARGV[1])
local new = 0
for i = 3, #ARGV do
  if not redis.call('ZSCORE', KEYS[1], ARGV[i]) then new = new + 1 end
end
if limit > 0 and redis.call('ZCARD', KEYS[1]) + new > limit then return 0 end
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
