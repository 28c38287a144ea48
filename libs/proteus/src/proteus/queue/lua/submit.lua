-- submit: put jobs into the list, once per epoch.
-- Guarantee: a job that exists already with this epoch or a later one, or that has ended (but for failed ones), is not
--   touched; an older living or failed one is replaced, and its holder is refused from then on. Tokens start at
--   epoch * 10^6, so they never repeat or fall, even across an emptied server. Low ends at the left; `high` ones join
--   the first-in-first-out prefix at the head. Cost: O(log n) per job, O(prefix) per high one.
-- KEYS, ARGV 1-7: lib/base. ARGV from 8, twenty per job: id, epoch, payload, body, label, url, engine, key,
--   degraded key, may degrade, rank, deadline ms or '', high, attempts, crashes, solo crashes, whether the deadline is
--   the end of its age, spare: it waits in the line that is taken from when nothing else waits, canvas key
--   or '', that of its degraded form or ''
-- Returns: 1 (taken) or 0 (existed) per job.
--- include base
--- include index
--- include settle
--- include restore

-- Fields that are 0 or empty are left out (lib/base, read).
local function store(id, i, token, entry, order)
  local fields = {'state', 'queued', 'token', token, 'payload', ARGV[i + 2], 'body', ARGV[i + 3], 'label', ARGV[i + 4],
    'url', ARGV[i + 5], 'engine', ARGV[i + 6], 'key', ARGV[i + 7], 'submitted', NOW, 'entry', entry, 'order', digits(order)}
  for n, name in ipairs({'dkey', 'may', 'rank', 'deadline', 'express', 'attempts', 'crashes', 'solo_crashes', 'aged', 'spare', 'ckey',
    'dckey'}) do
    local value = ARGV[i + 7 + n]
    if value ~= '' and value ~= '0' then
      fields[#fields + 1], fields[#fields + 2] = name, value
    end
  end
  call('HSET', JOB .. id, unpack(fields))
end

local replaceable = {queued = true, retrying = true, running = true, failed = true}
local taken, any = {}, false
for i = 8, #ARGV, 20 do
  local id, epoch, payload, deadline = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 11]
  local old = call('HMGET', JOB .. id, 'state', 'token')
  local fresh = not old[1] or (replaceable[old[1]] and math.floor((tonumber(old[2]) or 0) / 1000000) < epoch)
  if fresh then
    if old[1] then
      release(id, read(id))
      call('ZREM', DEAD, id)
      call('DEL', JOB .. id)
    end
    local token = string.format('%.0f', epoch * 1000000)
    local job = {token = token, attempts = ARGV[i + 13], crashes = ARGV[i + 14], solo_crashes = ARGV[i + 15]}
    local high, spare = ARGV[i + 12] == '1', ARGV[i + 17] == '1'
    local order = next_order() - (high and EXPRESS or 0)
    store(id, i, token, emit('submitted', id, 'queued', job, 'engine', ARGV[i + 6], unpack(spare and {'spare', 1} or {})), order)
    if deadline ~= '' then call('ZADD', DEADLINES, deadline, id) end
    if spare then
      call('ZADD', SPARE, digits(order), id)
    else
      if high then insert(payload, ahead_of('(0')) else call('LPUSH', LIST, payload) end
      enlist(id, ARGV[i + 6], order)
    end
    any = true
  end
  taken[#taken + 1] = fresh and 1 or 0
end
if any then wake() end
return taken
