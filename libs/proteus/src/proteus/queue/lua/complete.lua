-- complete: finish jobs.
-- Guarantee: only the current token completes a running job, exactly once; asked again with the same token it says
--   `done` again and does nothing (the answer may have been lost on its way), with any other `refused`.
-- KEYS, ARGV 1-6: lib/base. ARGV from 7, four per job: id, token, result JSON, result key or ''
-- Returns: `done` or `refused` per job.
--- include base
--- include settle
local verdicts = {}
for i = 7, #ARGV, 4 do
  local id, token = ARGV[i], ARGV[i + 1]
  local job = read(id)
  local verdict = 'refused'
  if job.token == token then
    if job.state == 'running' then settle(id, job, 'completed', nil, nil, ARGV[i + 2], ARGV[i + 3]) verdict = 'done'
    elseif job.state == 'completed' then verdict = 'done' end
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
