-- element: from an element of the list to the job behind it. Included by claim after base, never run alone.

-- id_of(element): the id it names; nil if it names none, or is larger than any payload of ours (a stranger's).
local function id_of(element)
  if #element > 16384 then return nil end
  local ok, payload = pcall(cjson.decode, element)
  return ok and type(payload) == 'table' and type(payload.id) == 'string' and payload.id or nil
end

-- look_at(id): what claim must know of a job, in one read; nil if there is none.
local function look_at(id)
  local f = redis.call('HMGET', JOB .. id, 'state', 'token', 'engine', 'key', 'dkey', 'may', 'rank', 'deadline',
    'attempts', 'crashes', 'solo_crashes', 'payload', 'body', 'submitted', 'queued', 'label', 'url')
  return f[1] and {state = f[1], token = f[2], engine = f[3], key = f[4], dkey = f[5], may = f[6], rank = f[7] or 0,
    deadline = f[8], attempts = f[9] or '0', crashes = f[10] or '0', solo_crashes = f[11] or '0', payload = f[12],
    body = f[13], submitted = f[14], queued = f[15] or f[14], label = f[16], url = f[17]}
end
