-- sound: jobs with fields that no script wrote. Included by base, never run alone.

-- sound(id, job, whole): the job, if its numbers are numbers and a queued one is whole; one that would break off every script
-- that meets it is set aside, and there is no such job then.
local function sound(id, job, whole)
  local n = number
  if job.state and not (n(job.token) and n(job.attempts) and n(job.crashes) and n(job.solo_crashes) and n(job.deadline or 0)
      and n(job.order or 0) and n(job.queued or 0) and (whole or job.state ~= 'queued')) then
    set_aside(JOB .. id, 'fields that are none of a job')
    job.state = false
  end
  return job
end
