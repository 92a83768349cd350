-- ARGV: job, unit, owner, lease seconds, frames done in this unit.
-- Returns ok, cancelled, or lost (somebody else is at it).
local job, unit, owner, t = ARGV[1], ARGV[2], ARGV[3], now()
if not wanted(job, unit) then return 'cancelled' end
local m = member(job, unit)
local _, stage = split(unit)
local ends = redis.call('ZSCORE', P .. 'leases', m)
if ends and tonumber(ends) > t and redis.call('HGET', P .. 'holders', m) ~= owner then
  return 'lost'
end
detach(m, QUEUE_OF[stage])
redis.call('SADD', live_key(job, QUEUE_OF[stage]), unit)
lease(m, QUEUE_OF[stage], owner, t + tonumber(ARGV[4]))
redis.call('HSET', P .. 'progress:' .. job, unit, ARGV[5])
return 'ok'
