-- ARGV: job, unit, facts (JSON).  Anyone who has finished a unit may say so, any number of times:
-- indices are a set, and its last member releases the next stage once.
-- Returns {counted, item or job reached its end, units to publish}.
local job, unit, t, out = ARGV[1], ARGV[2], now(), {}

-- Two moments of the job, so that one can tell how it has gone lately: since the earlier, 12 to 24
-- units that go by frames have ended, or, when there are many, a sixth to a third of all that have.
local function mark_pace(passed, frames)
  local key = job_key(job)
  redis.call('HINCRBY', key, passed, frames)
  local units = redis.call('HINCRBY', key, 'units', 1)
  local known = redis.call('HGET', key, 'pace') or ''
  local last = tonumber(string.match(known, '%S+$') or 0)
  if units - last < math.max(12, units / 6) then return end
  local of = redis.call('HMGET', key, 'analyzed', 'drawn', 'items', 'left')
  local ended = tonumber(of[3]) - tonumber(of[4])
  local pace = {text(t), of[1] or '0', of[2] or '0', tostring(ended), units}
  redis.call('HSET', key, 'pace_before', known, 'pace', table.concat(pace, ' '))
end
local item, stage, index = split(unit)
if not wanted(job, unit) then
  drop(job, unit)
  refill(job, t, out)
  return {0, '', out}
end
local facts, ended = cjson.decode(ARGV[3]), ''
drop(job, unit)
if stage == 'index' then
  local failed = 0
  for i = 0, tonumber(redis.call('HGET', job_key(job), 'items')) - 1 do
    local fields = ended_item(job, i)
    if not fields or fields.state ~= 'done' then failed = failed + 1 end
  end
  close_job(job, t, failed == 0 and 'done' or 'failed')
  log(job, t, 'info', '-1', 'finished' .. (failed > 0 and (', ' .. failed .. ' failed') or ''))
  return {1, 'job', out}
end
if stage == 'relate' then
  redis.call('HSET', job_key(job), 'stage', '', 'away', '')
  for i = 0, tonumber(redis.call('HGET', job_key(job), 'items')) - 1 do
    if redis.call('HGET', item_key(job, i), 'stage') == 'relate' then draw(job, tostring(i)) end
  end
  refill(job, t, out)
  return {1, '', out}
end
-- What stages cost: of this job for its remaining time, of all for jobs that have drawn nothing yet.
if facts.seconds then
  redis.call('HINCRBYFLOAT', job_key(job), 'spent_' .. stage, facts.seconds)
  if stage == 'analyze' or stage == 'render' then
    redis.call('HINCRBYFLOAT', P .. 'costs', stage .. '_s', facts.seconds)
    redis.call('HINCRBY', P .. 'costs', stage .. '_frames', facts.frames)
    mark_pace(stage == 'analyze' and 'analyzed' or 'drawn', facts.frames)
  end
end
local key = item_key(job, item)
redis.call('SADD', done_key(job, item), index)
local n = tonumber(redis.call('HGET', key, 'n'))
local whole = redis.call('SCARD', done_key(job, item)) >= n
if stage == 'probe' then
  redis.call('HSET', key, 'frames', facts.frames, 'segments', facts.segments, 'renders', facts.renders,
    'analyzed', 0, 'drawn', 0, 'warnings', facts.warnings)
  if facts.engine then redis.call('HSET', key, 'engine', facts.engine) end
  if facts.anew then redis.call('HSET', key, 'anew', facts.anew) end
  enter_analysis(job, item, facts.segments)
elseif stage == 'analyze' then
  redis.call('HINCRBY', key, 'analyzed', facts.frames)
  if whole then enter_stage(job, item, 'assemble', 1, times_begun_anew(job, item)) end
elseif stage == 'assemble' then
  if facts.warnings then redis.call('HSET', key, 'warnings', facts.warnings) end
  local away = redis.call('HGET', job_key(job), 'away')
  if away and away ~= '' and not facts.related then
    redis.call('HSET', key, 'stage', 'relate', 'n', 1)
    arrive(job)
  else
    if facts.related then arrive(job) end  -- storage knows that it was related before
    draw(job, item)
  end
elseif stage == 'render' then
  redis.call('HINCRBY', key, 'drawn', facts.frames)
  if whole then enter_stage(job, item, 'finish', 1) end
elseif stage == 'finish' then
  if facts.warnings then redis.call('HSET', key, 'warnings', facts.warnings) end
  log(job, t, 'info', item, 'done')
  close_item(job, item, t, 'done')
  ended = 'item'
end
refill(job, t, out)
return {1, ended, out}
