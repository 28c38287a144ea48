-- canary: jobs that a worker leaves to workers of another version of their engine; `proteus.canary` says why. Included by
-- claim before take, never run alone. ARGV 21 how many engines have a canary, then engine, share and whether this worker has
-- the canary's version for each.
local canaries, first_engine = {}, 22 + 3 * ARGV[21]
for i = 22, first_engine - 1, 3 do canaries[ARGV[i]] = {share = tonumber(ARGV[i + 1]), own = ARGV[i + 2] == '1'} end

-- is_left(job): whether this worker leaves it. What failed before is never the canary's; after 10 s nothing is.
local function is_left(job)
  local canary = canaries[job.engine]
  if not canary then return false end
  local drawn = job.attempts == '0' and job.crashes == '0' and job.rank * 4096 % 1 < canary.share
  if canary.own then return not drawn end
  return drawn and NOW - job.queued < 10000
end
