-- forget: remove every trace of jobs; those that still live are canceled first.
-- Guarantee: afterwards no trace of them is left; a worker that runs one is notified, loses its lease and is refused.
-- KEYS, ARGV 1-7: lib/base. ARGV from 8: ids
-- Returns: how many jobs there were.
--- include base
--- include index
--- include settle
local living, found = {queued = true, retrying = true, running = true}, 0
for i = 8, #ARGV do
  local id = ARGV[i]
  local job = read(id)
  if job.state then found = found + 1 end
  if job.state == 'running' then redis.call('PUBLISH', CONTROL, cjson.encode({kind = 'cancel', id = id})) end
  if living[job.state] then settle(id, job, 'canceled') end
  call('ZREM', DEAD, id)
  call('DEL', JOB .. id)
end
return found
