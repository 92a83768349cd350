-- ARGV: grace seconds, aging seconds, most units a call, lengths of the broker's lists (JSON object
-- "queue:step" -> length, read just before), seconds without a sweep that mean that nobody looked.
-- Hands out again what has no live lease and no message. Returns the units to publish.
local t, out, most = now(), {}, tonumber(ARGV[3])
local grace, aging, lengths = tonumber(ARGV[1]), tonumber(ARGV[2]), cjson.decode(ARGV[4])

watch_engines(t, tonumber(ARGV[5]))

local function again(m, step, why)
  local job, unit = parse_member(m)
  local item, stage = split(unit)
  if not wanted(job, unit) then
    drop(job, unit)
    refill(job, t, out)
    return
  end
  detach(m, QUEUE_OF[stage])
  hand_out(job, unit, t, step or redis.call('HGET', job_key(job), 'step'), out)
  if why then log(job, t, 'warning', item, unit .. ' ' .. why) end
end

for _, m in ipairs(redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', text(t), 'LIMIT', 0, most)) do
  again(m, nil, 'lost its worker and is handed out again')
end
for _, m in ipairs(redis.call('ZRANGEBYSCORE', P .. 'later', '-inf', text(t), 'LIMIT', 0, most)) do
  again(m, nil, nil)
end
for _, queue in ipairs(QUEUES) do
  for i, step in ipairs(STEPS) do
    local key, field = out_key(queue, step), queue .. ':' .. step
    -- Lists are first in, first out: what is older than the newest start has lost its message. An
    -- empty list holds no message at all. Either is believed only after a time of grace, in which
    -- a fetched message may still be on its way into its process.
    local before = t - grace
    if (lengths[field] or 0) > 0 then
      local mark = tonumber(redis.call('HGET', P .. 'mark', field) or '0')
      before = math.min(before, mark - grace)
    end
    for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', text(before), 'LIMIT', 0, most)) do
      again(m, step, 'had lost its message and is handed out again')
    end
    if i > 1 then
      for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', text(t - aging), 'LIMIT', 0, most)) do
        again(m, STEPS[i - 1], nil)
      end
    end
  end
end
return out
