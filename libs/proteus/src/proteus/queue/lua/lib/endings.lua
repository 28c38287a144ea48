-- endings: the ways in which a job fails or runs out of time. Included after settle, never run alone.

-- fail(id, job, code, message): settle as failed, for a reason that only concerns its user.
local function fail(id, job, code, message)
  settle(id, job, 'failed', code, message)
end

-- bury(id, job, code, message): settle as failed, among the dead letters; entries older than the hashes are dropped.
local function bury(id, job, code, message)
  fail(id, job, code, message)
  call('ZADD', DEAD, NOW, id)
  call('ZREMRANGEBYSCORE', DEAD, '-inf', NOW - SETTLED_SECONDS * 1000)
end

-- expire(id, job): its deadline has passed, or it is too old to go on.
local function expire(id, job)
  if job.aged then
    settle(id, job, 'expired', 'too_old', 'The job waited and ran for longer than jobs may.')
  else
    settle(id, job, 'expired', 'deadline_exceeded', 'The deadline passed before the job could be finished.')
  end
end
