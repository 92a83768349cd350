-- ARGV: job, unit, code, words, most retries, base delay, jitter 0..1, owner.
-- Returns {what became of it (later, failed, gone, lost), units to publish}. Lost: somebody else
-- has the lease by now, and it is for them to say how it ends.
local job, unit, t, out = ARGV[1], ARGV[2], now(), {}
local item, stage = split(unit)
if not wanted(job, unit) then
  drop(job, unit)
  refill(job, t, out)
  return {'gone', out}
end
local holder = redis.call('HGET', P .. 'holders', member(job, unit))
if holder and holder ~= ARGV[8] then return {'lost', out} end
if tonumber(ARGV[5]) > 0 then
  local retries = redis.call('HINCRBY', P .. 'retries:' .. job, unit, 1)
  if retries <= tonumber(ARGV[5]) then
    local m, queue = member(job, unit), QUEUE_OF[stage]
    local delay = math.min(tonumber(ARGV[6]) * 2 ^ (retries - 1), 60) * (0.5 + tonumber(ARGV[7]))
    detach(m, queue)
    redis.call('HDEL', P .. 'tries:' .. job, unit)
    redis.call('SADD', live_key(job, queue), unit)
    redis.call('ZADD', P .. 'later', text(t + delay), m)
    log(job, t, 'warning', item, stage .. ' will be tried again: ' .. ARGV[4])
    return {'later', out}
  end
end
fail_unit(job, unit, t, ARGV[3], ARGV[4])
refill(job, t, out)
return {'failed', out}
