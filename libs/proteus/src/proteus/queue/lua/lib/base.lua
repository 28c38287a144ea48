-- base: the start of every script. Included, never run alone.
-- KEYS (the same for every script, all in the slot of the list's hash tag):
--   1 list  2 leases  3 busy  4 retry  5 dead  6 events  7 foreign  8 waits  9 deadlines  10 order  11 engines
--   12 sweep  13 parked  14 spare  15 spare due
-- ARGV 1-7 (the same for every script; a script's own arguments start at 8):
--   1 prefix of job hashes  2 prefix of holdings  3 control channel  4 job_done channel
--   5 life of ended jobs' hashes in seconds  6 cap of the event stream  7 prefix of the engines' indexes
-- Job hashes, holdings and indexes are built from their prefixes: only the script knows which ones it meets.
local LIST, LEASES, BUSY, RETRY, DEAD = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local EVENTS, FOREIGN, WAITS, DEADLINES = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local ORDER, ENGINES, SWEEP, PARKED, INDEX = KEYS[10], KEYS[11], KEYS[12], KEYS[13], ARGV[7]
local SPARE, SPARE_DUE = KEYS[14], KEYS[15] -- spare jobs stand here alone, waiting or due: what scales counts the others
local JOB, HELD, CONTROL, JOB_DONE, SETTLED_SECONDS, STREAM_CAP = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local NO_LABEL = '"job_id":null'
-- Server time in ms: the only clock there is.
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

--- include call

--- include sound
--- include usage

-- read(id): a job's fields as strings, false where absent; `state` is false if there is no such job. Counters that
-- are 0 and flags that are down are not stored: most jobs never need them, and every field costs time.
local function read(id)
  local f = call('HMGET', JOB .. id, 'state', 'token', 'worker', 'attempts', 'crashes', 'solo_crashes', 'solo', 'cancel', 'deadline',
    'payload', 'label', 'url', 'entry', 'engine', 'order', 'parked', 'aged', 'express', 'usage', 'spare')
  local job = {state = f[1], token = f[2], worker = f[3] or '', attempts = f[4] or '0', crashes = f[5] or '0',
    solo_crashes = f[6] or '0', solo = f[7], cancel = f[8], deadline = f[9], payload = f[10] or '',
    label = f[11] or NO_LABEL, url = f[12] or 'null', entry = f[13] or '', engine = f[14] or '', order = f[15],
    parked = f[16], aged = f[17], express = f[18], usage = usage_of(f[2], f[19]), spare = f[20]}
  return sound(id, job, true)
end

-- emit(kind, id, state, job, …): append a fact to the event stream; returns its entry id, which also holds the time.
-- Counters are written once they are not 0.
local function emit(kind, id, state, job, ...)
  if job.attempts == '0' and job.crashes == '0' then
    return call('XADD', EVENTS, 'MAXLEN', '~', STREAM_CAP, '*', 'kind', kind, 'id', id, 'state', state, 'token',
      job.token, ...)
  end
  return call('XADD', EVENTS, 'MAXLEN', '~', STREAM_CAP, '*', 'kind', kind, 'id', id, 'state', state, 'token',
    job.token, 'attempts', job.attempts, 'crashes', job.crashes, 'solo_crashes', job.solo_crashes, ...)
end

-- wake(): notify the workers that a job can be claimed.
local function wake()
  redis.call('PUBLISH', CONTROL, '{"kind":"work"}')
end
