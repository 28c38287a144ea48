-- act: write a decision, if this arbitrator holds the lease or the lease is free.
-- Guarantee: takes a lease that is free, prolongs its own, and writes nothing while another one holds it; lease and
--   writes are one atomic step, so an arbitrator that was stopped and wakes late cannot write over its successor.
-- KEYS 1 lease, 2 batch size, 3 degraded mode, 4 degraded fraction, 5 mode, 6 state, 7 decisions, 8 weaver replicas,
--   9 and on: weavers wanted of a fleet, none on one machine
-- ARGV 1 own id, 2 lease ms, 3 life of the values in seconds, 4 batch size, 5 degraded mode, 6 fraction, 7 mode,
--   8 state JSON, 9 "1" if the decision is to be noted, 10 cap of the stream,
--   11 weavers to run on this machine, "" where KEDA scales, 12 and on: the number of each fleet, for KEDA
-- Returns: 1 (written), 2 (written; the lease's key was of another type and is replaced) or 0 (another one holds the lease).
local holder = redis.pcall('GET', KEYS[1])
local strange = type(holder) == 'table' and string.find(holder.err, 'WRONGTYPE', 1, true)
if holder and holder ~= ARGV[1] and not strange then return type(holder) == 'table' and holder or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 2, 6 do redis.call('SET', KEYS[i], ARGV[i + 2], 'EX', ARGV[3]) end
if ARGV[11] ~= '' then redis.call('SET', KEYS[8], ARGV[11], 'EX', ARGV[3]) end
for i = 9, #KEYS do
  -- A set, because KEDA counts members; one more than are wanted, because an empty set is none.
  local members = tonumber(ARGV[i + 3]) + 1
  if redis.pcall('SCARD', KEYS[i]) ~= members then
    redis.call('DEL', KEYS[i])
    for n = 1, members do redis.call('SADD', KEYS[i], n) end
  end
  redis.call('EXPIRE', KEYS[i], ARGV[3])
end
if ARGV[9] == '1' then
  -- The note is for people: where it cannot be written, the decision holds all the same.
  redis.pcall('XADD', KEYS[7], 'MAXLEN', '~', ARGV[10], '*', 'by', ARGV[1], 'mode', ARGV[7], 'decision', ARGV[8])
end
return strange and 2 or 1
