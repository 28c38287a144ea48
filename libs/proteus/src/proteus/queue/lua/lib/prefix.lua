-- prefix: where high-priority jobs go. Included by submit after base, never run alone.
-- The head of the list is a run of `express` elements (high-priority and returned jobs), and none stands behind it. A
-- duplicate that somebody pushed by hand can mislead the search: then the job stands further back, no worse.

local function is_express(index)
  local ok, element = pcall(cjson.decode, redis.call('LINDEX', LIST, index))
  local id = ok and type(element) == 'table' and element.id
  return type(id) == 'string' and redis.call('HGET', JOB .. id, 'express') == '1'
end

-- prefix_length(): found by doubling, then halving: O(log) looks.
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

-- push_high(payload): join the prefix at its end. O(prefix): a list has no insert by index.
local function push_high(payload)
  local k = prefix_length()
  local prefix = k > 0 and redis.call('LRANGE', LIST, -k, -1) or {}
  redis.call('LTRIM', LIST, 0, -(k + 1))
  redis.call('RPUSH', LIST, payload)
  for _, element in ipairs(prefix) do redis.call('RPUSH', LIST, element) end
end
