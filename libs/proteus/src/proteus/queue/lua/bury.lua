-- bury: turn an external payload that the gateway cannot import into a dead letter with a reason.
-- Guarantee: it leaves the foreign list; burying it again changes nothing.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 payload, 9 id of the letter, 10 code, 11 message
-- Returns: 1 if it was in the foreign list, else 0.
--- include base
local found = call('LREM', FOREIGN, -1, ARGV[8])
if found == 0 then return 0 end
local key = JOB .. ARGV[9]
call('HSET', key, 'state', 'failed', 'token', 0, 'code', ARGV[10], 'message', ARGV[11], 'payload', string.sub(ARGV[8], 1, 2048),
  'attempts', 0, 'crashes', 0, 'solo_crashes', 0, 'submitted', NOW, 'label', '"job_id":null', 'url', 'null')
call('EXPIRE', key, SETTLED_SECONDS)
call('ZADD', DEAD, NOW, ARGV[9])
return 1
