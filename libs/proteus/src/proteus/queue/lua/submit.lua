-- submit: put jobs into the list, once per epoch.
-- Guarantee: a job that is already there with this epoch or a later one, or that is over (but for failed ones), is not
--   touched; an older living or failed one is replaced, and whoever holds it is refused from then on. Tokens start at
--   epoch * 10^6, so they never repeat or fall, even across an emptied server. Low ends at the left; `high` ones join
--   the first-in-first-out prefix at the head. Cost: O(1) per job, O(prefix) per high one.
-- KEYS, ARGV 1-6: lib/base. ARGV from 7, sixteen per job: id, epoch, payload, body, label, url, engine, key,
--   degraded key, may degrade, rank, deadline ms or '', high, attempts, crashes, solo crashes
-- Returns: 1 (taken) or 0 (was there) per job.
--- include base
--- include settle

local function is_express(index)
  local ok, element = pcall(cjson.decode, redis.call('LINDEX', LIST, index))
  local id = ok and type(element) == 'table' and element.id
  return type(id) == 'string' and redis.call('HGET', JOB .. id, 'express') == '1'
end

-- Length of the prefix at the head: doubling, then halving; it is express throughout and nothing behind it is.
local function prefix_length()
  local length, low, high = redis.call('LLEN', LIST), 0, 1
  while high <= length and is_express(-high) do low, high = high, high * 2 end
  high = math.min(high, length + 1)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if is_express(-middle) then low = middle else high = middle end
  end
  return low
end

local function push_high(payload)
  local k = prefix_length()
  local prefix = k > 0 and redis.call('LRANGE', LIST, -k, -1) or {}
  redis.call('LTRIM', LIST, 0, -(k + 1))
  redis.call('RPUSH', LIST, payload)
  for _, element in ipairs(prefix) do redis.call('RPUSH', LIST, element) end
end

local replaceable = {queued = true, retrying = true, running = true, failed = true}
local taken, any = {}, false
for i = 7, #ARGV, 16 do
  local id, epoch, payload, deadline, high = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 11], ARGV[i + 12]
  local old = read(id)
  local fresh = not old.state or (replaceable[old.state] and math.floor(old.token / 1000000) < epoch)
  if fresh then
    if old.state then release(id, old) redis.call('ZREM', DEAD, id) redis.call('DEL', JOB .. id) end
    local job = {token = string.format('%.0f', epoch * 1000000), attempts = ARGV[i + 13], crashes = ARGV[i + 14], solo_crashes = ARGV[i + 15]}
    local entry = emit('submitted', id, 'queued', job)
    redis.call('HSET', JOB .. id, 'state', 'queued', 'token', job.token, 'payload', payload, 'body', ARGV[i + 3],
      'label', ARGV[i + 4], 'url', ARGV[i + 5], 'engine', ARGV[i + 6], 'key', ARGV[i + 7], 'dkey', ARGV[i + 8],
      'may', ARGV[i + 9], 'rank', ARGV[i + 10], 'express', high, 'attempts', job.attempts, 'crashes', job.crashes,
      'solo_crashes', job.solo_crashes, 'solo', 0, 'submitted', NOW, 'queued', NOW, 'entry', entry)
    if deadline ~= '' then redis.call('HSET', JOB .. id, 'deadline', deadline) redis.call('ZADD', DEADLINES, deadline, id) end
    if high == '1' then push_high(payload) else redis.call('LPUSH', LIST, payload) end
    any = true
  end
  taken[#taken + 1] = fresh and 1 or 0
end
if any then wake() end
return taken
