-- claim: give a worker jobs of one effective batch key, from the head.
-- Guarantee: reaps first; each job given is `running` with token + 1 and a lease, and stood in the list before; elements
--   with no job behind them are set aside, stale duplicates dropped, jobs that cannot meet their deadline shed; the
--   rest keeps its order. A job with crashes runs alone: given only to a worker that holds nothing, with nothing beside;
--   one that has waited longer than the patience stops others from taking more until one of them is free for it.
-- Cost: O(claimed + skipped), never beyond the scan cap.
-- KEYS, ARGV 1-6: lib/base. ARGV 7 worker, 8 free, 9 key or '', 10 lease ms, 11 estimate ms, 12 degraded fraction,
--   13 scan cap, 14 crash limit, 15 reap limit, 16 solo patience ms, 17… engines
-- Returns: {shed ids, jobs}; a job is {id, token, payload, body, engine, key, degraded, attempts, crashes, solo,
--   deadline or '', submitted ms, claimed ms}.
--- include base
--- include settle
--- include head
--- include reap
reap(tonumber(ARGV[15]), tonumber(ARGV[14]), ARGV[10])
--- include element
--- include take

local free, cap, scanned, solo = tonumber(ARGV[8]), tonumber(ARGV[13]), 0, false
local kept, cut, cut_kept, size = {}, 0, 0, math.min(free, cap)
while not full() and scanned < cap do
  local chunk = redis.call('LRANGE', LIST, -(scanned + size), -(scanned + 1))
  for i = #chunk, 1, -1 do
    scanned = scanned + 1
    if stays(chunk[i]) then kept[#kept + 1] = chunk[i] else cut, cut_kept = scanned, #kept end
    if full() then break end
  end
  if #chunk < size then break end
  size = math.min(32, cap - scanned)
end

-- Everything up to the last element that goes is cut off; what stays of it is put back in its order.
if cut > 0 then
  redis.call('LTRIM', LIST, 0, -(cut + 1))
  for i = cut_kept, 1, -1 do redis.call('RPUSH', LIST, kept[i]) end
end

-- Leases, holdings, busy, and the wait of what was taken.
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
