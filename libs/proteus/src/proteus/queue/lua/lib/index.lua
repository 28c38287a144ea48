-- index: the place of a queued job. Included after base, never run alone.
-- The ids that wait in the list are also in one ZSET per engine, by order: list and indexes hold the same jobs in the
-- same order, so a job's place is a rank. Orders from the head: returned jobs -EXPRESS - n, high-priority ones
-- -EXPRESS + n, the others n. n only grows; it is never below the server's time in µs, so a lost counter
-- repeats none.
local EXPRESS = 2 ^ 52
local names, known = nil, {}

-- engines(): the engines that have had jobs here.
local function engines()
  if not names then
    names = call('SMEMBERS', ENGINES)
    table.sort(names)
  end
  return names
end

local function digits(order)
  return string.format('%.0f', order)
end

-- ahead_of(bound): how many waiting jobs stand at this order or before it; `(n` leaves n itself out.
local function ahead_of(bound)
  local ahead = 0
  for _, engine in ipairs(engines()) do ahead = ahead + call('ZCOUNT', INDEX .. engine, '-inf', bound) end
  return ahead
end

local function next_order()
  local n = math.max((number(call('GET', ORDER)) or 0) + 1, time[1] * 1000000 + time[2])
  if n >= EXPRESS then n = time[1] * 1000000 + time[2] end
  call('SET', ORDER, digits(n))
  return n
end

-- enlist(id, engine, order): add a job of the list to the index.
local function enlist(id, engine, order)
  call('ZADD', INDEX .. engine, digits(order), id)
  if not known[engine] then
    call('SADD', ENGINES, engine)
    names, known[engine] = nil, true
  end
end

-- unlist(id, job): out of index and list, searched from the end that is nearer to its place; a spare one out of its line.
local function unlist(id, job)
  if job.spare then return call('ZREM', SPARE, id) end
  if call('LINDEX', LIST, -1) == job.payload then
    call('RPOP', LIST)
  else
    local near_head = not job.order or 2 * ahead_of('(' .. job.order) < call('LLEN', LIST)
    call('LREM', LIST, near_head and -1 or 1, job.payload)
  end
  call('ZREM', INDEX .. job.engine, id)
end
