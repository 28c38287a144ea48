-- take: the judgement of claim about one element. Included by claim only (its ARGV), never run alone.
local worker, key, expiry, estimate, fraction = ARGV[7], ARGV[9], NOW + ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
local jobs, shed, leases, held, waited, alone = {}, {}, {}, {}, 0, false
local engines = {}
for i = 17, #ARGV do engines[ARGV[i]] = true end

-- A worker that holds nothing and was told no key may take a crashed job; one that runs such a job takes nothing.
local holds = redis.call('HVALS', HELD .. worker)
local idle = #holds == 0 and key == ''
for _, solo in ipairs(holds) do alone = alone or solo == '1' end

local function full()
  return alone or #jobs >= tonumber(ARGV[8])
end

-- stays(element): true if it keeps its place in the list; otherwise it was taken, shed, set aside or dropped.
local function stays(element)
  local id = id_of(element)
  local job = id and look_at(id)
  if not job then
    redis.call('LPUSH', FOREIGN, element)
    return false
  end
  if job.state ~= 'queued' then return false end
  local degraded = job.may and job.dkey and tonumber(job.rank) < fraction
  local effective, solo = degraded and job.dkey or job.key, job.crashes ~= '0'
  if not engines[job.engine] then return true end
  if solo and (not idle or #jobs > 0) then
    alone = NOW - job.queued >= tonumber(ARGV[16])
    return true
  end
  if key ~= '' and key ~= effective then return true end
  if job.deadline and NOW + estimate > tonumber(job.deadline) then
    job.state = 'cut' -- claim itself takes it out of the list
    expire(id, job)
    shed[#shed + 1] = id
    return false
  end
  local wait, alone_flag, degraded_flag = NOW - job.queued, solo and '1' or '0', degraded and '1' or '0'
  key, alone, waited = effective, solo, waited + wait
  job.token = string.format('%.0f', job.token + 1)
  redis.call('HSET', JOB .. id, 'state', 'running', 'token', job.token, 'worker', worker, 'claimed', NOW)
  if solo then redis.call('HSET', JOB .. id, 'solo', 1) end
  emit('claimed', id, 'running', job, 'worker', worker, 'degraded', degraded_flag, 'wait_ms', wait)
  leases[#leases + 1], leases[#leases + 2] = expiry, id
  held[#held + 1], held[#held + 2] = id, alone_flag
  jobs[#jobs + 1] = {id, job.token, job.payload, job.body, job.engine, effective, degraded_flag, job.attempts, job.crashes,
    alone_flag, job.deadline or '', job.submitted, NOW}
  return false
end
