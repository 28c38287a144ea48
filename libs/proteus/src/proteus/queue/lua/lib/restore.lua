-- restore: a queued job into the middle of the list. Included after index, never run alone.
local REACH = 256 -- places from the head that are reached by lifting the elements before them

-- insert(payload, ahead): into the list behind so many. O(ahead): a list has no insert by index.
local function insert(payload, ahead)
  local head = ahead > 0 and call('LRANGE', LIST, -ahead, -1) or {}
  if #head > 0 then call('LTRIM', LIST, 0, -(#head + 1)) end
  call('RPUSH', LIST, payload)
  for _, element in ipairs(head) do call('RPUSH', LIST, element) end
end

-- order_of(id, job): its order; one that an older version submitted gets that of its entry in the event stream.
local function order_of(id, job)
  if job.order then return tonumber(job.order) end
  local ms, n = string.match(job.entry .. ' 0-0', '(%d+)-(%d+)')
  local order = (job.express and -EXPRESS or 0) + ms * 1000 + math.min(n, 999)
  call('HSET', JOB .. id, 'order', digits(order))
  return order
end

-- put_back(id, job): where it belongs if that is near an end, else to the head. It is not in the list.
local function put_back(id, job)
  local order = order_of(id, job)
  local ahead = ahead_of('(' .. digits(order))
  if ahead >= call('LLEN', LIST) then
    call('LPUSH', LIST, job.payload)
  elseif ahead <= REACH then
    insert(job.payload, ahead)
  else
    order = -EXPRESS - next_order()
    call('HSET', JOB .. id, 'order', digits(order), 'express', 1)
    call('RPUSH', LIST, job.payload)
  end
  enlist(id, job.engine, order)
end
