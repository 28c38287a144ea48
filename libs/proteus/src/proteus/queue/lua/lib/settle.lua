-- settle: how a job leaves the queue. Included after index, never run alone.

-- due_of(job): where a lease or a retry of it stands.
local function due_of(job)
  return job.spare and SPARE_DUE or job.state == 'running' and LEASES or RETRY
end

-- let_go(worker, ids): end a worker's leases; one that holds nothing more, spare jobs apart, is not busy.
local function let_go(worker, ids)
  local held, works = HELD .. worker, false
  call('ZREM', LEASES, unpack(ids))
  call('ZREM', SPARE_DUE, unpack(ids))
  if call('HDEL', held, unpack(ids)) == 0 then return end
  for _, how in ipairs(call('HVALS', held)) do works = works or how ~= 's' end
  if not works then call('ZREM', BUSY, worker) end
end

-- release(id, job): an attempt of a running one ends (`job.ran`). Take it out of its structure: a lease, the retries, the parked jobs or the list (which costs
-- the distance to its nearer end).
local function release(id, job)
  job.ran = job.ran or job.state == 'running'
  if job.state == 'running' then
    let_go(job.worker, {id})
  elseif job.state == 'retrying' then
    call('ZREM', due_of(job), id)
  elseif job.state == 'queued' and job.parked then
    call('ZREM', PARKED, id)
  elseif job.state == 'queued' then
    unlist(id, job)
  end
  job.state = 'released'
end

-- settle(id, job, state, code, message, result, result_key): the job has ended. The hash keeps what a status needs and
-- expires; the fact goes to the stream, and to events:job_done in the shape of docs/contract.md.
local function settle(id, job, state, code, message, result, result_key)
  local key, extra = JOB .. id, {}
  release(id, job)
  if job.deadline then call('ZREM', DEADLINES, id) end
  if code then extra = {'code', code, 'message', message} elseif result then extra = {'result', result} end
  call('HSET', key, 'state', state, 'settled', NOW, unpack(extra))
  call('HDEL', key, 'payload', 'body', 'cancel', 'parked', code and 'result' or 'code', code and 'result' or 'message')
  call('EXPIRE', key, SETTLED_SECONDS)
  local done = '{' .. job.label .. ',"status":"' .. state .. '"'
  if state == 'completed' then
    local quoted = result_key ~= '' and cjson.encode(result_key) or 'null'
    done = done .. ',"result_key":' .. quoted .. ',"result_url":' .. job.url .. '}'
    extra = {'result', result, 'worker', job.worker}
  else
    done = done .. ',"result_key":null,"result_url":null'
    if code then
      done = done .. ',"error":' .. cjson.encode({code = code, message = message})
    end
    done = done .. '}'
  end
  if job.ran and job.usage then extra[#extra + 1], extra[#extra + 2] = 'usage', job.usage end
  emit(state, id, state, job, unpack(extra))
  redis.call('PUBLISH', JOB_DONE, done)
end
