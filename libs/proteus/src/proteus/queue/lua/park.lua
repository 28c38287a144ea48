-- park: jobs that no worker can serve leave the list; parked ones that one can serve return to the head, oldest first.
-- Guarantee: a parked job stays queued, keeps its deadline and its token and counts nowhere as waiting. At most `limit`
--   are moved out per engine, and `limit` parked ones checked from the newest below the cursor.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 limit, 9 cursor ('+inf' to begin), then the engines that can be served
-- Returns: {jobs parked, jobs returned, cursor for the rest or ''}.
--- include base
--- include index
--- include settle
--- include endings
--- include head
--- include restore
local limit, servable, parked, returned = tonumber(ARGV[8]), {}, 0, 0
for i = 10, #ARGV do servable[ARGV[i]] = true end

for _, engine in ipairs(engines()) do
  local out = servable[engine] and {} or call('ZRANGE', INDEX .. engine, 0, limit - 1)
  for _, id in ipairs(out) do
    local job = read(id)
    if job.state == 'queued' and not job.parked and job.engine == engine then
      unlist(id, job)
      call('HSET', JOB .. id, 'parked', 1)
      call('ZADD', PARKED, digits(order_of(id, job)), id)
      parked = parked + 1
    else
      call('ZREM', INDEX .. engine, id)
    end
  end
end

local found = call('ZREVRANGEBYSCORE', PARKED, ARGV[9], '-inf', 'WITHSCORES', 'LIMIT', 0, limit)
for i = 1, #found, 2 do
  local id = found[i]
  local job = read(id)
  if job.state ~= 'queued' or not job.parked then
    call('ZREM', PARKED, id) -- an older version ended it
  elseif servable[job.engine] then
    to_head(id, job, 'offered')
    returned = returned + 1
  end
end
if returned > 0 then wake() end
return {parked, returned, #found == 2 * limit and '(' .. found[#found] or ''}
