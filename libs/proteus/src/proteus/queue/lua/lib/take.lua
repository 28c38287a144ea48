-- take: claim's decision on one job. Included by claim only (its ARGV), never run alone.
local worker, key, expiry, estimate, fraction = ARGV[8], ARGV[10], NOW + ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local jobs, shed, leases, held, waited, alone, gone, strays, engines_offered = {}, {}, {}, {}, 0, false, {}, {}, {}
for i = first_engine, #ARGV do engines_offered[ARGV[i]] = true end

-- A worker that holds nothing, spare jobs apart, and names no key may take a crashed job; one that runs such a job takes nothing.
local holds = call('HVALS', HELD .. worker)
local idle = key == ''
for _, how in ipairs(holds) do alone, idle = alone or how == '1', idle and how == 's' end

local function full() return alone or #jobs >= tonumber(ARGV[9]) end

-- look_at(id): the fields of a job that claim needs, in one read.
local function look_at(id)
  local f = call('HMGET', JOB .. id, 'state', 'token', 'engine', 'key', 'dkey', 'may', 'rank', 'deadline',
    'attempts', 'crashes', 'solo_crashes', 'payload', 'body', 'submitted', 'queued', 'label', 'url', 'order', 'parked', 'aged',
    'spare', 'ckey', 'dckey')
  local job = {id = id, state = f[1], token = f[2], engine = f[3], key = f[4], dkey = f[5], may = f[6], rank = tonumber(f[7]) or 0,
    deadline = f[8], attempts = f[9] or '0', crashes = f[10] or '0', solo_crashes = f[11] or '0', payload = f[12],
    body = f[13], submitted = f[14], queued = f[15] or f[14], label = f[16] or NO_LABEL, url = f[17] or 'null', order = f[18], parked = f[19],
    aged = f[20], spare = f[21], ckey = f[22], dckey = f[23], entry = ''}
  return sound(id, job, f[12] and f[13] and f[4] and f[14])
end

-- judge(id, place): take it, shed it or pass it over.
local function judge(id, place)
  local job = look_at(id)
  if job.state ~= 'queued' or job.parked or (job.spare and SPARE or INDEX .. (job.engine or '')) ~= place then
    strays[#strays + 1] = {place, id} -- an older version took it and left the index alone
    return
  end
  if is_left(job) then return end
  local degraded = job.may and job.dkey and job.rank < fraction
  local effective, canvas, waits = degraded and job.dkey or job.key, degraded and job.dckey or not degraded and job.ckey, math.max(0, NOW - job.queued)
  local shared, solo = canvas or effective, job.crashes ~= '0'
  local other = key ~= '' and key ~= shared
  if solo and (not idle or #jobs > 0 or job.spare and #holds > 0) then
    alone = not job.spare and waits >= tonumber(ARGV[17])
    return
  end
  if other then alone = waits >= tonumber(ARGV[20]) end
  if other or waits < tonumber(ARGV[19]) then return end
  gone[#gone + 1] = job
  if job.deadline and NOW + estimate > tonumber(job.deadline) then
    job.state = 'shed' -- claim itself takes it out of the list
    expire(id, job)
    shed[#shed + 1] = id
    return
  end
  local alone_flag, degraded_flag = solo and '1' or '0', degraded and '1' or '0'
  key, alone, waited = shared, solo, waited + waits
  job.token = string.format('%.0f', job.token + 1)
  call('HSET', JOB .. id, 'state', 'running', 'token', job.token, 'worker', worker, 'claimed', NOW, unpack(solo and {'solo', 1} or {}))
  emit('claimed', id, 'running', job, 'worker', worker, 'degraded', degraded_flag, 'wait_ms', waits)
  leases[#leases + 1], leases[#leases + 2] = expiry, id
  held[#held + 1], held[#held + 2] = id, solo and '1' or job.spare and 's' or '0'
  jobs[#jobs + 1] = {id, job.token, job.payload, job.body, job.engine, effective, degraded_flag, job.attempts, job.crashes,
    alone_flag, job.deadline or '', job.submitted, NOW, job.queued, job.spare or '', shared}
end
