-- number: what a text means as a number. Included by call, never run alone.
local EXACT = 2 ^ 53

-- number(text): the number; nil for what is none of ours: NaN, an infinity, or beyond what a double tells apart. Each of
-- them passes tonumber, and a sorted set or a sum refuses it, or keeps it for ever.
local function number(text)
  local n = tonumber(text)
  return n and n >= -EXACT and n <= EXACT and n or nil
end
