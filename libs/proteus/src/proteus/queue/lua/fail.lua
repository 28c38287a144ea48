-- fail: end the attempt at jobs: for now, or for good.
-- Guarantee: only the current token fails a running job; a repeated call gives the same answer and does nothing. A job
--   with a pending cancel becomes canceled. A retryable failure past the deadline expires, else waits
--   jitter * min(cap, base * 2^(attempts - 1)) ms (proteus.retry), until max attempts; any other is a dead letter,
--   unless the user's input is the cause: the user sees the reason, and no operator could repair it. One that comes back
--   may name another engine: from then on the job is that engine's, in its whole form.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 max attempts, 9 base ms, 10 cap ms, then eleven per job: id, token, code, message,
--   retryable, of input, jitter, usage JSON or '', then the other engine, its batch key and canvas key, or '' thrice
-- Returns: `done` (canceled, expired), `retry`, `dead` or `refused` per job.
--- include base
--- include index
--- include settle
--- include endings
local answers = {retrying = 'retry', failed = 'dead', canceled = 'done', expired = 'done'}
local verdicts = {}
for i = 11, #ARGV, 11 do
  local id, token, code, message = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local job = read(id)
  local verdict = job.token == token and answers[job.state] or 'refused'
  if job.state == 'running' and job.token == token then
    local retryable = ARGV[i + 4] == '1'
    job.attempts = job.attempts + 1
    if ARGV[i + 7] ~= '' then job.usage = ARGV[i + 7] end
    call('HSET', JOB .. id, 'attempts', job.attempts)
    if job.cancel then
      settle(id, job, 'canceled')
      verdict = 'done'
    elseif retryable and job.deadline and tonumber(job.deadline) <= NOW then
      expire(id, job)
      verdict = 'done'
    elseif retryable and job.attempts < tonumber(ARGV[8]) then
      local longest = math.min(tonumber(ARGV[10]), ARGV[9] * 2 ^ math.min(job.attempts - 1, 40))
      local due = NOW + math.floor(longest * ARGV[i + 6])
      release(id, job)
      call('HSET', JOB .. id, 'state', 'retrying', 'code', code, 'message', message, 'retry_at', due)
      call('HDEL', JOB .. id, 'solo', 'worker', 'stage', 'step', 'steps')
      if ARGV[i + 8] ~= '' then
        call('HSET', JOB .. id, 'engine', ARGV[i + 8], 'key', ARGV[i + 9], 'ckey', ARGV[i + 10])
        call('HDEL', JOB .. id, 'may', 'dkey', 'dckey')
      end
      call('ZADD', due_of({spare = job.spare}), due, id)
      emit('retrying', id, 'queued', job, 'code', code, 'message', message, 'due_ms', due, spent(job))
      verdict = 'retry'
    else
      local give_up = ARGV[i + 5] == '1' and fail or bury
      give_up(id, job, code, message)
      verdict = 'dead'
    end
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
