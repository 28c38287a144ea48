-- look: the present state of jobs, for statuses and the reconciler. Changes nothing, but sets aside what is no job.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 whether to return places, then ids. Cost: O(log n) per job.
-- Returns: per job '' or {state, token, jobs ahead or '', of its engine or '', parked, stranded, stage, step, steps, attempts,
--   crashes, solo crashes, cancel, worker, submitted ms, claimed ms, retry at ms, code, message, result JSON}, '' where
--   absent. Stranded: it lives, and is neither in an index nor in leases, retries or parked jobs,
--   or has a deadline that is not among the deadlines.
--- include base
--- include index
local views, stand, spare = {}, {running = LEASES, retrying = RETRY}, {running = SPARE_DUE, retrying = SPARE_DUE}
for i = 9, #ARGV do
  local id, view = ARGV[i], ''
  local f = call('HMGET', JOB .. id, 'state', 'token', 'engine', 'order', 'parked', 'stage', 'stage', 'step', 'steps',
    'attempts', 'crashes', 'solo_crashes', 'cancel', 'worker', 'submitted', 'claimed', 'retry_at', 'code', 'message', 'result', 'deadline', 'spare')
  if f[1] then
    local queued = f[1] == 'queued'
    local place = queued and (f[5] and PARKED or f[22] and SPARE or INDEX .. (f[3] or '')) or f[22] and spare[f[1]] or stand[f[1]]
    local order = place and call('ZSCORE', place, id)
    local timed = not place or not f[21] or f[1] == 'running' or call('ZSCORE', DEADLINES, id)
    local ahead, of_engine = '', ''
    if order and queued and not (f[5] or f[22]) and ARGV[8] == '1' then
      ahead, of_engine = ahead_of('(' .. order), call('ZRANK', place, id)
    end
    f[3], f[4], f[6] = ahead, of_engine, place and not (order and timed) and '1' or ''
    f[21], f[22] = nil, nil
    for n = 1, #f do f[n] = f[n] or '' end
    view = f
  end
  views[#views + 1] = view
end
return views
