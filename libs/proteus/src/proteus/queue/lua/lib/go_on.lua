-- go_on: a stream that has given out its last id takes no entry any more. Included by call, never run alone.
local AHEAD_MS = 86400000 -- no entry of ours is dated a day ahead

-- unread(stream): its entries that no reader has acknowledged, oldest first, but for those dated ahead.
local function unread(stream)
  local read_to, found = '-', {}
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local of = {}
    for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
    read_to = '(' .. of['last-delivered-id']
    for _, owed in ipairs(redis.call('XPENDING', stream, of.name, '-', '+', STREAM_CAP)) do
      found[#found + 1] = redis.call('XRANGE', stream, owed[1], owed[1])[1]
    end
  end
  local fresh = redis.pcall('XRANGE', stream, read_to, '+') -- refused where the last id itself was read
  for _, entry in ipairs(fresh.err and {} or fresh) do found[#found + 1] = entry end
  for i = #found, 1, -1 do
    if tonumber(string.match(found[i][1], '^%d+')) > NOW + AHEAD_MS then table.remove(found, i) end
  end
  return found
end

-- go_on(stream): set aside; a new one holds what was unread, under the same ids.
local function go_on(stream)
  local entries = unread(stream)
  if not set_aside(stream) then return end
  for _, entry in ipairs(entries) do redis.call('XADD', stream, entry[1], unpack(entry[2])) end
  tell(stream, 'its last id')
end
