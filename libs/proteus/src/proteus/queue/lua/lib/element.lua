-- element: from an element of the list to the job behind it. Included after base, never run alone.

-- id_of(element): the id it names; nil if it names none, or is larger than any payload of ours (an external one).
local function id_of(element)
  if #element > 16384 then return nil end
  local ok, payload = pcall(cjson.decode, element)
  return ok and type(payload) == 'table' and type(payload.id) == 'string' and payload.id or nil
end
