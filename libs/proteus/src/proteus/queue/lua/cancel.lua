-- cancel: stop jobs. A waiting one ends at once; a running one is flagged and its worker notified.
-- Guarantee: a repeated call gives the same answer; a job that ended in another way, or is unknown, is refused.
-- KEYS, ARGV 1-7: lib/base. ARGV from 8: ids. Cost: the distance to the nearer end of the list for a waiting one.
-- Returns: `done`, `flagged` or `refused` per job.
--- include base
--- include index
--- include settle
local verdicts = {}
for i = 8, #ARGV do
  local id, verdict = ARGV[i], 'refused'
  local job = read(id)
  if job.state == 'running' then
    call('HSET', JOB .. id, 'cancel', 1)
    redis.call('PUBLISH', CONTROL, cjson.encode({kind = 'cancel', id = id}))
    verdict = 'flagged'
  elseif job.state == 'queued' or job.state == 'retrying' then
    settle(id, job, 'canceled')
    verdict = 'done'
  elseif job.state == 'canceled' then
    verdict = 'done'
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
