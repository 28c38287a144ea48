-- hand_back: return jobs that a worker will not run.
-- Guarantee: back to the head in the order given, first one next; never counts as a crash or an attempt. Only the
--   current token can; a job with a pending cancel is canceled, one past its deadline expires.
-- KEYS, ARGV 1-7: lib/base. ARGV from 8: id, token, usage JSON or '' per job
-- Returns: how many jobs were given back.
--- include base
--- include index
--- include settle
--- include endings
--- include head
local back = 0
for i = #ARGV - 2, 8, -3 do
  local job = read(ARGV[i])
  if job.state == 'running' and job.token == ARGV[i + 1] then
    if ARGV[i + 2] ~= '' then job.usage = ARGV[i + 2] end
    to_head(ARGV[i], job, 'hand_back')
    back = back + 1
  end
end
if back > 0 then wake() end
return back
