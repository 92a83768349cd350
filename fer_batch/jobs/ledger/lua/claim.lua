-- ARGV: job, unit, owner, lease seconds, most attempts, owner known to be dead ('' where none is),
-- engine of the worker ('' where it does not matter), seconds that an item waits for its engine.
-- Returns {verdict, holder, engine or attempt, units to publish}. Verdicts: gone, busy, other, anew,
-- poison, ok.
local job, unit, owner, t, out = ARGV[1], ARGV[2], ARGV[3], now(), {}
local m = member(job, unit)
local item, stage = split(unit)
local queue = QUEUE_OF[stage]
if not wanted(job, unit) then
  drop(job, unit)
  refill(job, t, out)
  return {'gone', '', out}
end
local ends = redis.call('ZSCORE', P .. 'leases', m)
if ends and tonumber(ends) > t then
  local holder = redis.call('HGET', P .. 'holders', m) or ''
  if holder ~= ARGV[6] then return {'busy', holder, out} end
end
local handed, step = detach(m, queue)
if handed then
  local field = queue .. ':' .. step
  local mark = redis.call('HGET', P .. 'mark', field)
  if not mark or tonumber(mark) < tonumber(handed) then
    redis.call('HSET', P .. 'mark', field, handed)
  end
end
-- An item whose analysis one engine has begun is finished by such an engine: others leave it, and
-- what they can do goes on meanwhile. Where no worker has had it for long, they begin anew.
local engine = ARGV[7]
if stage == 'analyze' and engine ~= '' then
  local bound, field = redis.call('HGET', item_key(job, item), 'engine'), job .. ':' .. item
  if bound and bound ~= engine then
    if missed(job, item, bound, t, tonumber(ARGV[8])) then
      begin_anew(job, item, bound, engine, t, tonumber(ARGV[8]))
      refill(job, t, out)
      return {'anew', bound, out}
    end
    redis.call('SREM', live_key(job, queue), unit)
    redis.call('ZADD', P .. 'later', text(t), m)
    redis.call('HSET', P .. 'turned', field, bound)
    refill(job, t, out)
    return {'other', bound, out}
  end
  redis.call('HSET', item_key(job, item), 'engine', engine)
  redis.call('HDEL', P .. 'turned', field)
end
local attempt = redis.call('HINCRBY', P .. 'tries:' .. job, unit, 1)
if attempt > tonumber(ARGV[5]) then
  fail_unit(job, unit, t, 'gave_up', 'given up after ' .. (attempt - 1) .. ' attempts at ' .. stage
    .. ': each time the worker process died or ran out of time or memory')
  refill(job, t, out)
  return {'poison', tostring(attempt), out}
end
redis.call('SADD', live_key(job, queue), unit)
lease(m, queue, owner, t + tonumber(ARGV[4]))
redis.call('HSETNX', job_key(job), 'started', text(t))
if redis.call('HGET', job_key(job), 'state') == 'queued' then
  redis.call('HSET', job_key(job), 'state', 'running')
end
if item ~= '-1' then
  -- A probed item that waits for its turn is still queued, and its rate counts from its first work.
  if stage ~= 'probe' then
    redis.call('HSETNX', item_key(job, item), 'started', text(t))
    redis.call('HSET', item_key(job, item), 'state', 'running')
  end
end
if attempt > 1 then
  log(job, t, 'warning', item, stage .. ' ' .. unit .. ' starts again, attempt ' .. attempt)
end
return {'ok', tostring(attempt), out}
