-- complete: finish jobs.
-- Guarantee: only the current token completes a running job, exactly once; a repeated call with the same token
--   returns `done` again and does nothing (the answer may have been lost on its way), with any other `refused`.
-- KEYS, ARGV 1-7: lib/base. ARGV from 8, five per job: id, token, result JSON, result key or '',
--   usage JSON or ''
-- Returns: `done` or `refused` per job.
--- include base
--- include index
--- include settle
local verdicts, finished = {}, {}
for i = 8, #ARGV, 5 do
  local id, token = ARGV[i], ARGV[i + 1]
  local job = read(id)
  local verdict = 'refused'
  if job.token == token and job.state == 'running' then
    -- Leases end together below, in three commands instead of three for each job.
    finished[job.worker] = finished[job.worker] or {}
    table.insert(finished[job.worker], id)
    job.state, job.ran = 'released', true
    if ARGV[i + 4] ~= '' then job.usage = ARGV[i + 4] end
    settle(id, job, 'completed', nil, nil, ARGV[i + 2], ARGV[i + 3])
    verdict = 'done'
  elseif job.token == token and job.state == 'completed' then
    verdict = 'done'
  end
  verdicts[#verdicts + 1] = verdict
end
for worker, ids in pairs(finished) do let_go(worker, ids) end
return verdicts
