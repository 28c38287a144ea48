-- claim: give a worker jobs that may run together, from the head.
-- Guarantee: reaps first; each job given is `running` with token + 1 and a lease, and was in the list before; jobs that cannot meet
--   their deadline are shed; the rest keeps its order. A job with crashes runs alone, on a worker that holds nothing; one older
--   than the patience stops others from taking more. Spare jobs are for who finds nothing else.
-- Cost: O(taken + passed over), never beyond the scan cap; plus, for a job behind others, the way to an end of the list.
-- KEYS, ARGV 1-7: lib/base. ARGV 8 worker, 9 free, 10 key or '', 11 lease ms, 12 estimate ms, 13 degraded fraction, 14 scan cap,
--   15 crash limit, 16 reap limit, 17 solo patience ms, 18 whether spare ones too, 19 least ms of waiting, 20 ms after which another
--   key's is not overtaken, 21… canaries, engines
-- Returns: {shed ids, jobs}; a job is {id, token, payload, body, engine, key, degraded, attempts, crashes, solo, deadline or '',
--   submitted ms, claimed ms, queued ms, spare or '', shared key}.
--- include base
--- include index
--- include settle
--- include endings
--- include head
--- include element
--- include restore
--- include sweep
--- include reap
reap(tonumber(ARGV[16]), tonumber(ARGV[15]), ARGV[11])
--- include canary
--- include take
--- include spare
-- The indexes of the engines offered are merged by order; each is read a piece at a time.
local cap, looked, piece, lines = tonumber(ARGV[14]), 0, tonumber(ARGV[9]), {}
for engine in pairs(engines_offered) do lines[#lines + 1] = {engine = engine, read = 0, at = 1, jobs = {}} end

local function first_order(line)
  if line.at > #line.jobs and not line.ended then
    local size = math.min(piece, cap)
    line.jobs = call('ZRANGE', INDEX .. line.engine, line.read, line.read + size - 1, 'WITHSCORES')
    line.read, line.at, line.ended = line.read + size, 1, #line.jobs < 2 * size
  end
  return tonumber(line.jobs[line.at + 1])
end

while not full() and looked < cap do
  local line, least
  for _, one in ipairs(lines) do
    local order = first_order(one)
    if order and (not least or order < least) then line, least = one, order end
  end
  if not line then break end
  judge(line.jobs[line.at], INDEX .. line.engine)
  line.at, looked, piece = line.at + 2, looked + 1, 32
end
local spare = for_spare(ARGV[18], cap)
for _, job in ipairs(gone) do unlist(job.id, job) end
for _, stray in ipairs(strays) do call('ZREM', unpack(stray)) end
if #jobs == 0 then return {shed, jobs} end
call('ZADD', spare and SPARE_DUE or LEASES, unpack(leases))
call('HSET', HELD .. worker, unpack(held))
if spare then return {shed, jobs} end
call('ZADD', BUSY, NOW, worker)
local second = math.floor(NOW / 1000)
local s, n, sum = string.match(call('HGET', WAITS, second % 32) or '', '(%d+):(%d+):(%d+)')
if tonumber(s) ~= second then n, sum = 0, 0 end
call('HSET', WAITS, second % 32, string.format('%d:%d:%.0f', second, n + #jobs, sum + waited))
return {shed, jobs}
