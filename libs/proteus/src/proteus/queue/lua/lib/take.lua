-- take: the judgement of claim about one element. Included by claim only (its ARGV), never run alone.
local worker, key, expiry, estimate, fraction = ARGV[7], ARGV[9], NOW + ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
local jobs, shed, leases, held, waited, alone = {}, {}, {}, {}, 0, false
local engines = {}
for i = 16, #ARGV do engines[ARGV[i]] = true end

-- A worker that holds nothing and was told no key may take a crashed job; one that runs such a job takes nothing.
local holds = redis.call('HVALS', HELD .. worker)
local idle = #holds == 0 and key == ''
for _, solo in ipairs(holds) do alone = alone or solo == '1' end

local function full()
  return alone or #jobs >= tonumber(ARGV[8])
end

local function id_of(element)
  if #element > 16384 then return nil end
  local ok, payload = pcall(cjson.decode, element)
  return ok and type(payload) == 'table' and type(payload.id) == 'string' and payload.id or nil
end

-- stays(element): true if it keeps its place in the list; otherwise it was taken, shed, set aside or dropped.
local function stays(element)
  local id = id_of(element)
  local f = id and redis.call('HMGET', JOB .. id, 'state', 'engine', 'key', 'dkey', 'may', 'rank', 'queued', 'body', 'submitted')
  if not f or not f[1] then
    redis.call('LPUSH', FOREIGN, element)
    return false
  end
  if f[1] ~= 'queued' then return false end
  if not engines[f[2]] then return true end
  local degraded = f[5] == '1' and f[4] ~= '' and tonumber(f[6]) < fraction
  local effective = degraded and f[4] or f[3]
  if key ~= '' and key ~= effective then return true end
  local job = read(id)
  local crashed = tonumber(job.crashes) > 0
  if crashed and (not idle or #jobs > 0) then return true end
  if job.deadline and NOW + estimate > tonumber(job.deadline) then
    job.state = 'cut' -- claim itself takes it out of the list
    expire(id, job)
    shed[#shed + 1] = id
    return false
  end
  key, alone, waited = effective, crashed, waited + NOW - f[7]
  job.token = string.format('%.0f', job.token + 1)
  redis.call('HSET', JOB .. id, 'state', 'running', 'token', job.token, 'worker', worker, 'claimed', NOW, 'solo', crashed and 1 or 0)
  emit('claimed', id, 'running', job, 'worker', worker, 'degraded', degraded and 1 or 0, 'wait_ms', NOW - f[7])
  leases[#leases + 1] = expiry
  leases[#leases + 1] = id
  held[#held + 1] = id
  held[#held + 1] = crashed and 1 or 0
  jobs[#jobs + 1] = {id, job.token, job.payload, f[8], f[2], effective, degraded and 1 or 0, job.attempts, job.crashes,
    crashed and 1 or 0, job.deadline or '', f[9], NOW}
  return false
end

-- settle_claim(): leases, holdings, busy and the wait of what was taken; returns claim's answer.
local function settle_claim()
  if #jobs > 0 then
    redis.call('ZADD', LEASES, unpack(leases))
    redis.call('HSET', HELD .. worker, unpack(held))
    redis.call('ZADD', BUSY, NOW, worker)
    local second = math.floor(NOW / 1000)
    local s, n, sum = string.match(redis.call('HGET', WAITS, second % 32) or '', '(%d+):(%d+):(%d+)')
    if tonumber(s) ~= second then n, sum = 0, 0 end
    redis.call('HSET', WAITS, second % 32, string.format('%d:%d:%.0f', second, n + #jobs, sum + waited))
  end
  return {shed, jobs}
end
