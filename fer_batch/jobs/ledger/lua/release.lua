-- ARGV: job, unit, owner.  A worker that stops gives its unit back; the attempt does not count.
local job, unit, t, out = ARGV[1], ARGV[2], now(), {}
local _, stage = split(unit)
local m = member(job, unit)
local holder = redis.call('HGET', P .. 'holders', m)
if holder and holder ~= ARGV[3] then return out end
drop(job, unit)
if wanted(job, unit) then
  redis.call('LPUSH', ready_key(job, QUEUE_OF[stage]), unit)
end
refill(job, t, out)
return out
