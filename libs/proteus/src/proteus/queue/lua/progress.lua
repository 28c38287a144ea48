-- progress: how far a running job is; ephemeral, so no event in the stream.
-- Guarantee: only the current token of a running job is heard. The latest value stays in the hash.
-- KEYS, ARGV 1-6: lib/base. ARGV 7 id, 8 token, 9 stage, 10 step, 11 steps, 12 channel
-- Returns: 1 if heard, else 0.
--- include base
local id = ARGV[7]
local f = redis.call('HMGET', JOB .. id, 'state', 'token', 'label')
if f[1] ~= 'running' or f[2] ~= ARGV[8] then return 0 end
redis.call('HSET', JOB .. id, 'stage', ARGV[9], 'step', ARGV[10], 'steps', ARGV[11])
redis.call('PUBLISH', ARGV[12], '{' .. f[3] .. ',"stage":"' .. ARGV[9] .. '","step":' .. ARGV[10] .. ',"steps":' .. ARGV[11] .. '}')
return 1
