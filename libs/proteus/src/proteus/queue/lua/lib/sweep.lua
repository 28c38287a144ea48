-- sweep: list and indexes made to agree again, a slice at a time. Included after restore, never run alone.
-- They differ after pushes and pops by hand, work of an older version, or the loss of a key. A cursor (an order) remembers
-- how far the last slice came; jobs up to it are in their places.

-- keep(element, seen, cursor): the order of a job's one element, now in the index. External payloads go to the
-- foreign list, up to FOREIGN_MOST (policy.py); stale and double ones go: of two the one further from the head.
local function keep(element, seen, cursor)
  local id = id_of(element)
  local job = id and read(id)
  if not job or not job.state then
    call('LREM', LIST, 1, element)
    if call('LLEN', FOREIGN) < 10000 then call('LPUSH', FOREIGN, element) end
    return nil
  end
  local ours = job.state == 'queued' and not (job.parked or job.spare) and job.payload == element
  local order = ours and not seen[id] and order_of(id, job)
  if not order or (order <= cursor and call('ZSCORE', INDEX .. job.engine, id)) then
    call('LREM', LIST, 1, element)
    return nil
  end
  seen[id] = true
  enlist(id, job.engine, order)
  return order
end

-- missing(seen, cursor, upto, limit): put jobs into the list that only the indexes have. Returns how far it came.
local function missing(seen, cursor, upto, limit)
  local found = {}
  for _, engine in ipairs(engines()) do
    local some = call('ZRANGEBYSCORE', INDEX .. engine, '(' .. digits(cursor), digits(upto), 'WITHSCORES', 'LIMIT',
      0, limit)
    for i = 1, #some, 2 do found[#found + 1] = {id = some[i], order = tonumber(some[i + 1]), engine = engine} end
    if #some == 2 * limit then upto = math.min(upto, tonumber(some[#some])) end
  end
  table.sort(found, function(a, b) return a.order < b.order end)
  for _, one in ipairs(found) do
    local job = one.order <= upto and not seen[one.id] and read(one.id)
    if job and (job.state ~= 'queued' or job.parked or job.spare or job.engine ~= one.engine) then
      call('ZREM', INDEX .. one.engine, one.id)
    elseif job and not call('LPOS', LIST, job.payload, 'RANK', -1) then
      put_back(one.id, job)
    end
  end
  return upto
end

local function agree() return ahead_of('+inf') == call('LLEN', LIST) end

local function sweep(limit)
  if agree() then return end
  local cursor = number(call('GET', SWEEP)) or -math.huge
  local start, seen, upto = ahead_of(digits(cursor)), {}, cursor
  local slice = call('LRANGE', LIST, -(start + limit), -(start + 1))
  for i = #slice, 1, -1 do upto = keep(slice[i], seen, cursor) or upto end
  if #slice < limit then upto = math.huge end
  upto = missing(seen, cursor, upto, 2 * limit)
  if upto == math.huge or agree() then call('DEL', SWEEP) else call('SET', SWEEP, digits(upto)) end
end
