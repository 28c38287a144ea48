-- spare: the line of those jobs that nobody waits for. Included after take, never run alone.

-- for_spare(asked, cap): judge the first ones that are for this worker's engines, where it has found no other job.
-- Returns whether the jobs taken are spare ones.
local function for_spare(asked, cap)
  if asked ~= '1' or key ~= '' or alone then return false end
  for _, id in ipairs(call('ZRANGE', SPARE, 0, cap - 1)) do
    if full() then break end
    local engine = call('HGET', JOB .. id, 'engine')
    if not engine or engines_offered[engine] then judge(id, SPARE) end
  end
  return true
end
