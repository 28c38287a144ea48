-- call: every command of a script on a key goes through here. Included by base, never run alone.
-- A key of another type would break off every script that meets it, with half its work done. Such a key
-- gets another name for a day, `<tag>:set-aside:<key>`, and the command finds none there; an event records it, and the
-- recorder counts, logs and shows it. Its contents come back by sweep, restore and the reconciler.

local function tell(key, found)
  redis.pcall('XADD', EVENTS, 'MAXLEN', '~', STREAM_CAP, '*', 'kind', 'set_aside', 'key', key, 'found', found)
end

-- set_aside(key, found): give it another name. Without the right to do so nothing changes. Returns whether it could.
local function set_aside(key, found)
  local kept = string.sub(EVENTS, 1, -7) .. 'set-aside:' .. key
  if not redis.pcall('RENAME', key, kept).ok then return false end
  redis.pcall('EXPIRE', kept, SETTLED_SECONDS)
  if found then tell(key, found) end
  return true
end

--- include number
--- include go_on

-- call(command, key, …): as redis.call. Nothing is checked before: only a command that failed costs more.
local function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then
    set_aside(key, 'another type')
  elseif command == 'XADD' and string.find(reply.err, 'last possible ID', 1, true) then
    go_on(key)
  end
  return redis.call(command, key, ...)
end
