-- cancel: stop jobs. A waiting one is gone at once; a running one is flagged and its worker told.
-- Guarantee: asked again it gives the same answer; a job that is over in another way, or unknown, is refused.
-- KEYS, ARGV 1-6: lib/base. ARGV from 7: ids. Cost: O(distance to the head) for a waiting one.
-- Returns: `done`, `flagged` or `refused` per job.
--- include base
--- include settle
local verdicts = {}
for i = 7, #ARGV do
  local id, verdict = ARGV[i], 'refused'
  local job = read(id)
  if job.state == 'running' then
    redis.call('HSET', JOB .. id, 'cancel', 1)
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
