-- reap: handle what is due. Included after head and sweep, never run alone.

local function age_order(a, b)
  local am, as = string.match(a.job.entry, '(%d+)-(%d+)')
  local bm, bs = string.match(b.job.entry, '(%d+)-(%d+)')
  if am ~= bm then return (tonumber(am) or 0) > (tonumber(bm) or 0) end
  return (tonumber(as) or 0) > (tonumber(bs) or 0)
end

-- crashed(id, job, crash_limit): count the crash; only crashes while alone can kill. Returns whether the job lives.
local function crashed(id, job, crash_limit)
  job.crashes = job.crashes + 1
  if job.solo == '1' then job.solo_crashes = job.solo_crashes + 1 end
  call('HSET', JOB .. id, 'crashes', job.crashes, 'solo_crashes', job.solo_crashes)
  if tonumber(job.solo_crashes) < crash_limit then return true end
  bury(id, job, 'worker_lost', 'The worker that ran this job alone was lost ' .. job.solo_crashes .. ' times.')
  return false
end

-- reap(limit, crash_limit, lease_ms): expired leases and due retries go back to the head, oldest first; waiting jobs
-- past their deadline expire; silent workers leave `busy`; list and indexes agree. At most `limit` of each kind.
-- Returns how many jobs moved.
local function reap(limit, crash_limit, lease_ms)
  local back, moved = {}, 0
  for _, place in ipairs({LEASES, RETRY, SPARE_DUE}) do
    for _, id in ipairs(call('ZRANGEBYSCORE', place, '-inf', NOW, 'LIMIT', 0, limit)) do
      local job = read(id)
      moved = moved + 1
      if (job.state ~= 'running' and job.state ~= 'retrying') or due_of(job) ~= place then
        call('ZREM', place, id)
      elseif job.state == 'retrying' then
        back[#back + 1] = {id = id, job = job, reason = 'retry_due'}
      elseif crashed(id, job, crash_limit) then
        back[#back + 1] = {id = id, job = job, reason = 'lease_lost'}
      end
    end
  end
  if #back > 1 then table.sort(back, age_order) end
  for _, one in ipairs(back) do to_head(one.id, one.job, one.reason) end
  for _, id in ipairs(call('ZRANGEBYSCORE', DEADLINES, '-inf', NOW, 'LIMIT', 0, limit)) do
    local job = read(id)
    if job.state == 'queued' or job.state == 'retrying' then
      moved = moved + 1
      expire(id, job)
    else
      call('ZREM', DEADLINES, id)
    end
  end
  call('ZREMRANGEBYSCORE', BUSY, '-inf', NOW - lease_ms)
  sweep(limit)
  if #back > 0 then wake() end
  return moved
end
