-- look: jobs as they stand now, for statuses and the reconciler. Changes nothing.
-- KEYS, ARGV 1-6: lib/base. ARGV 7 position cap, then ids. Cost: O(min(position, cap)) per waiting job.
-- Returns: per job '' or {state, token, position or '', stage, step, steps, attempts, crashes, solo crashes, cancel,
--   worker, submitted ms, claimed ms, retry at ms, code, message, result JSON}, '' where absent.
--- include base
local views, cap, length = {}, tonumber(ARGV[7]), redis.call('LLEN', LIST)
for i = 8, #ARGV do
  local f = redis.call('HMGET', JOB .. ARGV[i], 'state', 'token', 'payload', 'stage', 'step', 'steps', 'attempts', 'crashes',
    'solo_crashes', 'cancel', 'worker', 'submitted', 'claimed', 'retry_at', 'code', 'message', 'result')
  local view = ''
  if f[1] then
    local position = ''
    if f[1] == 'queued' then
      local index = redis.call('LPOS', LIST, f[3], 'RANK', -1, 'MAXLEN', cap)
      if index then position = length - 1 - index elseif length > cap then position = cap end
    end
    for n = 1, #f do f[n] = f[n] or '' end
    f[3] = position
    view = f
  end
  views[#views + 1] = view
end
return views
