-- inspect: check every structure of the queue once, also those that scripts seldom touch and clients read directly.
-- Guarantee: afterwards each is absent or of its type; a stream that has given out its last id goes on.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 bad events, 9 workers
-- Returns: how many were set aside or went on.
--- include base
local types, found = {
  list = {LIST, FOREIGN}, zset = {LEASES, BUSY, RETRY, DEAD, DEADLINES, PARKED, SPARE, SPARE_DUE, ARGV[9]}, stream = {EVENTS, ARGV[8]},
  hash = {WAITS}, string = {ORDER, SWEEP}, set = {ENGINES}}, 0
for wanted, keys in pairs(types) do
  for _, key in ipairs(keys) do
    local is = call('TYPE', key).ok
    if is ~= 'none' and is ~= wanted then
      set_aside(key, is)
      found = found + 1
    elseif is == 'stream' then
      local info = redis.call('XINFO', 'STREAM', key)
      for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' and info[i + 1] == '18446744073709551615-18446744073709551615' then
          go_on(key)
          found = found + 1
        end
      end
    end
  end
end
return found
