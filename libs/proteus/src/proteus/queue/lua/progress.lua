-- progress: how far a running job is; ephemeral, so no event in the stream.
-- Guarantee: only the current token of a running job is accepted. The latest value stays in the hash.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 id, 9 token, 10 stage, 11 step, 12 steps, 13 channel
-- Returns: 1 if accepted, else 0.
--- include base
local id = ARGV[8]
local f = call('HMGET', JOB .. id, 'state', 'token', 'label')
if f[1] ~= 'running' or f[2] ~= ARGV[9] then return 0 end
call('HSET', JOB .. id, 'stage', ARGV[10], 'step', ARGV[11], 'steps', ARGV[12])
redis.call('PUBLISH', ARGV[13], '{' .. (f[3] or NO_LABEL) .. ',"stage":"' .. ARGV[10] .. '","step":' .. ARGV[11] .. ',"steps":' .. ARGV[12] .. '}')
return 1
