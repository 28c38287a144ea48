-- restore: give living jobs back a place that will move them, where they have none.
-- Guarantee: afterwards a queued job is in list and index (or among the parked or spare ones), a retrying one among the retries, a
--   running one has a lease: a living worker renews it, else it expires and the job comes back. Tokens stay as they
--   are; a job that has its place, has ended or is unknown is not touched.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 lease ms, then ids. Cost: O(list) per job without a place.
-- Returns: how many jobs had none.
--- include base
--- include index
--- include restore
local restored, stands = 0, {retrying = true, queued = true}
for i = 9, #ARGV do
  local id = ARGV[i]
  local job = read(id)
  local found = 0
  if job.state == 'running' then
    found = call('ZADD', job.spare and SPARE_DUE or LEASES, 'NX', NOW + ARGV[8], id)
    if found == 1 then
      call('HSET', HELD .. job.worker, id, job.solo or job.spare and 's' or '0')
      if not job.spare then call('ZADD', BUSY, 'NX', NOW, job.worker) end
    end
  elseif job.state == 'retrying' then
    found = call('ZADD', job.spare and SPARE_DUE or RETRY, 'NX', number(call('HGET', JOB .. id, 'retry_at')) or NOW, id)
  elseif job.state == 'queued' and job.spare then
    found = call('ZADD', SPARE, 'NX', digits(order_of(id, job)), id)
  elseif job.state == 'queued' and job.parked then
    found = call('ZADD', PARKED, 'NX', digits(order_of(id, job)), id)
  elseif job.state == 'queued' and not call('ZSCORE', INDEX .. job.engine, id) then
    if call('LPOS', LIST, job.payload, 'RANK', -1) then
      enlist(id, job.engine, order_of(id, job))
    else
      put_back(id, job)
    end
    found = 1
  end
  if job.deadline and stands[job.state] then
    found = math.max(found, call('ZADD', DEADLINES, 'NX', job.deadline, id))
  end
  restored = restored + found
end
return restored
