-- usage: what an attempt used, from its worker's heartbeats to the event that ends it. Included by base, never run alone.

-- usage_of(token, stored): what the attempt with this token reported by its last heartbeat, as JSON; nil: nothing yet.
local function usage_of(token, stored)
  local mark = (token or '') .. ':'
  return stored and string.sub(stored, 1, #mark) == mark and string.sub(stored, #mark + 1) or nil
end

-- spent(job): what an attempt that ends here used, as fields of its event; nothing where the job did not run.
local function spent(job)
  if job.ran and job.usage then return 'usage', job.usage end
end
