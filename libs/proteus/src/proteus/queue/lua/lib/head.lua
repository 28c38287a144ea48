-- head: how a job comes back. Included after settle, never run alone.

-- to_head(id, job, reason): back to the head of the list (a spare one: of its line), where the next claim finds it, unless it has ended: its cancel
-- was requested or its deadline has passed.
local function to_head(id, job, reason)
  release(id, job)
  if job.cancel then
    settle(id, job, 'canceled')
  elseif job.deadline and tonumber(job.deadline) <= NOW then
    expire(id, job)
  else
    local order = -EXPRESS - next_order()
    call('HSET', JOB .. id, 'state', 'queued', 'express', 1, 'queued', NOW, 'order', digits(order))
    call('HDEL', JOB .. id, 'solo', 'worker', 'stage', 'step', 'steps', 'parked')
    if job.spare then
      call('ZADD', SPARE, digits(order), id)
    else
      call('RPUSH', LIST, job.payload)
      enlist(id, job.engine, order)
    end
    emit('returned', id, 'queued', job, 'reason', reason, spent(job))
  end
end
