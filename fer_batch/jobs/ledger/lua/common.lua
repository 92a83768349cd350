-- Shared by every script of the ledger. Redis' own clock is the only clock.
--
--   fb:job:J            hash   v, name, state, priority, created, started, finished, items, left, window
--                              relate: '1' where all items wait for each other after assembling;
--                              units, analyzed, drawn: units that go by frames and have ended, their
--                              frames; pace, pace_before: "when analyzed drawn inputs-ended units"
--                              away: how many of them are not there yet, '' once they are related
--   fb:item:J:I         hash   input, name, state, stage, n, frames, passes, analyzed, drawn, …
--                              engine: what its analysis is bound to; anew: how many times that was
--                              begun anew, begun_by: by what it had been begun before. Units that are
--                              analysed are numbered on from one attempt to the next, `assemble` has
--                              the number of its attempt: units of an earlier one are never wanted
--   fb:ended:J          hash   I -> the same as JSON, of items in a final state: they have no fb:item
--   fb:ready:J:Q        list   units waiting for the window
--   fb:live:J:Q         set    units handed out: in the broker, leased, or waiting to be retried
--   fb:done:J:I         set    indices done in the item's present stage
--   fb:tries:J          hash   unit -> starts that have not ended in order
--   fb:retries:J        hash   unit -> repeats after errors that time can heal
--   fb:progress:J       hash   unit -> frames done so far in a running unit
--   fb:log:J            list   events, JSON, newest last, bounded
--   fb:out:Q:P          zset   J|unit -> when handed to the broker (queue Q, priority P), no lease yet
--   fb:leases           zset   J|unit -> when the lease ends;  fb:holders: hash J|unit -> owner
--   fb:busy:Q           set    J|unit of queue Q that have a lease: what a scaler must count as work
--   fb:later            zset   J|unit -> not before
--   fb:turned           hash   J:I -> engine that has begun this item, which a worker just could not provide
--   fb:worker:W         hash   what worker W says of itself (heartbeat.py); able:E: it analyses with engine E
--   fb:absent           hash   engine of fb:turned -> since when no live worker has had it
--   fb:swept            string when the last sweep was
--   fb:mark             hash   Q:P -> when the newest unit that has started had been handed out
--   fb:costs            hash   seconds and frames of analyze and render units, of all jobs so far
--   fb:jobs, fb:active  zset   J -> created: all jobs, and those in no final state
--   fb:uploading        zset   J -> until when a submission counts on fb:uploads:J (set of keys)
--   fb:uploaders        hash   J -> owner of that submission
--   fb:deleting         hash   upload -> until when somebody is deleting it
--   fb:epoch            string set once every job is in the ledger; its absence means that it is not
--   fb:rebuilt          set    jobs that a rebuilding has put back so far;  gone when it is through
--   fb:aside            hash   J -> why it could not be put back

-- P (the prefix of all keys), QUEUES, STEPS (priorities) and QUEUE_OF (stage -> queue) stand before
-- this text: ledger.py writes them from spec.py.

local LOG_LENGTH = 400
local PROBES_AHEAD = 128

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end

local function text(t) return string.format('%.3f', t) end
local function job_key(job) return P .. 'job:' .. job end
local function item_key(job, item) return P .. 'item:' .. job .. ':' .. item end
local function ended_key(job) return P .. 'ended:' .. job end
local function ready_key(job, queue) return P .. 'ready:' .. job .. ':' .. queue end
local function live_key(job, queue) return P .. 'live:' .. job .. ':' .. queue end
local function done_key(job, item) return P .. 'done:' .. job .. ':' .. item end
local function out_key(queue, step) return P .. 'out:' .. queue .. ':' .. step end

local function busy_key(queue) return P .. 'busy:' .. queue end

local function split(unit)
  local item, stage, index = string.match(unit, '^(-?%d+)/(%a+)/(%d+)$')
  return item, stage, index
end

local function member(job, unit) return job .. '|' .. unit end
local function parse_member(m)
  local at = string.find(m, '|', 1, true)
  return string.sub(m, 1, at - 1), string.sub(m, at + 1)
end

local function is_final(state) return state == 'done' or state == 'failed' or state == 'cancelled' end

local function log(job, t, level, item, words)
  local key = P .. 'log:' .. job
  redis.call('RPUSH', key, cjson.encode({t = tonumber(text(t)), level = level, item = tonumber(item),
    text = words}))
  redis.call('LTRIM', key, -LOG_LENGTH, -1)
end

-- Forget that the unit is in the broker, leased or waiting; say when it had been handed out.
local function detach(m, queue)
  local handed, step
  for _, s in ipairs(STEPS) do
    local score = redis.call('ZSCORE', out_key(queue, s), m)
    if score then
      handed, step = score, s
      redis.call('ZREM', out_key(queue, s), m)
    end
  end
  redis.call('ZREM', P .. 'leases', m)
  redis.call('SREM', busy_key(queue), m)
  redis.call('HDEL', P .. 'holders', m)
  redis.call('ZREM', P .. 'later', m)
  return handed, step
end

local function lease(m, queue, owner, ends)
  redis.call('ZADD', P .. 'leases', text(ends), m)
  redis.call('SADD', busy_key(queue), m)
  redis.call('HSET', P .. 'holders', m, owner)
end

-- The unit is over, whichever way.
local function drop(job, unit)
  local _, stage = split(unit)
  local queue = QUEUE_OF[stage]
  detach(member(job, unit), queue)
  redis.call('SREM', live_key(job, queue), unit)
  redis.call('HDEL', P .. 'tries:' .. job, unit)
  redis.call('HDEL', P .. 'retries:' .. job, unit)
  redis.call('HDEL', P .. 'progress:' .. job, unit)
end

-- True while the unit still has to be done: its item is open and in this very stage.
local function wanted(job, unit)
  local item, stage, index = split(unit)
  if not item then return false end
  local state = redis.call('HGET', job_key(job), 'state')
  if not state or is_final(state) then return false end
  if item == '-1' then return redis.call('HGET', job_key(job), 'stage') == stage end
  local fields = redis.call('HMGET', item_key(job, item), 'state', 'stage', 'n')
  if not fields[1] or is_final(fields[1]) or fields[2] ~= stage then return false end
  if fields[3] and tonumber(index) >= tonumber(fields[3]) then return false end
  return redis.call('SISMEMBER', done_key(job, item), index) == 0
end

-- Frames of a unit, about: what cannot be sought is one segment, however long.
local function length(job, unit)
  local item, stage = split(unit)
  if stage ~= 'analyze' and stage ~= 'render' then return 0 end
  local fields = redis.call('HMGET', item_key(job, item), 'frames', 'segments')
  local frames, segments = tonumber(fields[1] or 0), tonumber(fields[2] or 0)
  if segments < 1 then return 0 end
  return math.ceil(frames / segments)
end

local function hand_out(job, unit, t, step, out)
  local _, stage = split(unit)
  local queue = QUEUE_OF[stage]
  redis.call('ZADD', out_key(queue, step), text(t), member(job, unit))
  redis.call('SADD', live_key(job, queue), unit)
  out[#out + 1] = {job, unit, queue, step, length(job, unit)}
end

-- Fill the job's windows from what is ready. Probing waits while much is ready to be analysed.
local function refill(job, t, out)
  local fields = redis.call('HMGET', job_key(job), 'state', 'window', 'step')
  if not fields[1] or is_final(fields[1]) then return end
  local window, step = tonumber(fields[2]), fields[3]
  for _, queue in ipairs(QUEUES) do
    local ready, live = ready_key(job, queue), redis.call('SCARD', live_key(job, queue))
    while live < window do
      local unit = redis.call('LINDEX', ready, 0)
      if not unit then break end
      local _, stage = split(unit)
      if stage == 'probe' and redis.call('LLEN', ready_key(job, 'analyze')) >= PROBES_AHEAD then
        break
      end
      redis.call('LPOP', ready)
      if wanted(job, unit) then
        hand_out(job, unit, t, step, out)
        live = live + 1
      end
    end
  end
end

-- What is near its end goes first: results appear early and little lies about.
local function push_ready(job, item, stage, n, first)
  local key = ready_key(job, QUEUE_OF[stage])
  local push = (stage == 'assemble' or stage == 'finish') and 'LPUSH' or 'RPUSH'
  for index = first, first + n - 1 do
    redis.call(push, key, item .. '/' .. stage .. '/' .. index)
  end
end

-- `n` units, the first of which has the number `first` (0): those before it are not wanted any more.
local function enter_stage(job, item, stage, n, first)
  first = first or 0
  redis.call('DEL', done_key(job, item))
  for index = 0, first - 1 do redis.call('SADD', done_key(job, item), index) end
  redis.call('HSET', item_key(job, item), 'stage', stage, 'n', first + n)
  push_ready(job, item, stage, n, first)
end

local function times_begun_anew(job, item)
  return tonumber(redis.call('HGET', item_key(job, item), 'anew') or 0)
end

local function enter_analysis(job, item, segments)
  enter_stage(job, item, 'analyze', segments, times_begun_anew(job, item) * segments)
end
