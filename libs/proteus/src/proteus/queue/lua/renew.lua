-- renew: one heartbeat of a worker for all its jobs.
-- Guarantee: a lease ends max(lease, 3 x expected step) after the last progress, never later: a beat alone does not
--   prolong it. Only the owner of the current token renews; lost jobs and those with a pending cancel are named.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 worker, 9 ms since the last progress, 10 expected step ms, 11 lease ms, then
--   id, token, usage JSON or '' per job: the usage is kept for the event that ends the attempt
-- Returns: {lost ids, ids with a pending cancel}.
--- include base
local expiry = NOW - ARGV[9] + math.max(tonumber(ARGV[11]), 3 * ARGV[10])
local lost, canceled, owns = {}, {}, false
for i = 12, #ARGV, 3 do
  local id = ARGV[i]
  local f = call('HMGET', JOB .. id, 'state', 'token', 'cancel', 'spare')
  if f[1] == 'running' and f[2] == ARGV[i + 1] then
    call('ZADD', f[4] and SPARE_DUE or LEASES, expiry, id)
    if ARGV[i + 2] ~= '' then call('HSET', JOB .. id, 'usage', ARGV[i + 1] .. ':' .. ARGV[i + 2]) end
    owns = owns or not f[4]
    if f[3] then canceled[#canceled + 1] = id end
  else
    lost[#lost + 1] = id
    if not f[1] then call('HDEL', HELD .. ARGV[8], id) end
  end
end
if owns then call('ZADD', BUSY, NOW, ARGV[8]) end
return {lost, canceled}
