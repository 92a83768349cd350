-- How items and jobs end. Comes after common.lua.
--
-- An item that has ended moves into one hash of its job: Redis has a key for each input that is
-- under way, not for all that were ever done. What has ended is read, and removed, by one command.

local function pairs_of(fields)
  local flat = {}
  for name, value in pairs(fields) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  return flat
end

local function put_fields(key, fields)
  redis.call('HSET', key, unpack(pairs_of(fields)))
end

local function own_fields(job, item)
  local flat, fields = redis.call('HGETALL', item_key(job, item)), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- The fields of an item that has not ended; nil where it has, or where there is none.
local function open_item(job, item)
  local fields = own_fields(job, item)
  if not fields.state or is_final(fields.state) then return nil end
  return fields
end

local function keep_ended(job, item, fields)
  redis.call('HSET', ended_key(job), item, cjson.encode(fields))
end

local function put_away(job, item, fields, t, state)
  fields.state, fields.stage, fields.finished = state, '', text(t)
  keep_ended(job, item, fields)
  redis.call('DEL', item_key(job, item), done_key(job, item))
  redis.call('HDEL', P .. 'turned', job .. ':' .. item)
end

-- The fields of an item that has ended; nil where it has not. Those of jobs that ended before this
-- hash was there still have their own key.
local function ended_item(job, item)
  local kept = redis.call('HGET', ended_key(job), item)
  if kept then return cjson.decode(kept) end
  local fields = own_fields(job, item)
  return is_final(fields.state) and fields or nil
end

local function close_job(job, t, state)
  redis.call('HSET', job_key(job), 'state', state, 'finished', text(t), 'stage', '')
  redis.call('ZREM', P .. 'active', job)
  for _, queue in ipairs(QUEUES) do
    for _, unit in ipairs(redis.call('SMEMBERS', live_key(job, queue))) do
      detach(member(job, unit), queue)
    end
    redis.call('DEL', live_key(job, queue), ready_key(job, queue))
  end
  redis.call('DEL', P .. 'tries:' .. job, P .. 'retries:' .. job, P .. 'progress:' .. job)
end

-- An item of a job that relates its items is assembled, or has ended before. The last one to arrive
-- releases the job's relating, once.
local function arrive(job)
  local fields = redis.call('HMGET', job_key(job), 'relate', 'away')
  if fields[1] ~= '1' or not fields[2] or fields[2] == '' then return end
  if redis.call('HINCRBY', job_key(job), 'away', -1) == 0
      and tonumber(redis.call('HGET', job_key(job), 'left')) > 0 then
    redis.call('HSET', job_key(job), 'stage', 'relate')
    redis.call('LPUSH', ready_key(job, 'control'), '-1/relate/0')
  end
end

-- An assembled item goes on: it is drawn where that is wanted.
local function draw(job, item)
  local key = item_key(job, item)
  if redis.call('HGET', key, 'renders') == '1' then
    enter_stage(job, item, 'render', tonumber(redis.call('HGET', key, 'segments')))
  else
    enter_stage(job, item, 'finish', 1)
  end
end

-- An item reached its end. The last one releases the job's index, once: the state is the lock.
local function close_item(job, item, t, state)
  local fields = open_item(job, item)
  if not fields then return end
  local arrived = fields.stage == 'relate'
  put_away(job, item, fields, t, state)
  local left = redis.call('HINCRBY', job_key(job), 'left', -1)
  if not arrived then arrive(job) end
  if left == 0 then
    redis.call('HSET', job_key(job), 'stage', 'index')
    redis.call('RPUSH', ready_key(job, 'control'), '-1/index/0')
  end
end

local function fail_unit(job, unit, t, code, words)
  local item = split(unit)
  drop(job, unit)
  if item == '-1' and redis.call('HGET', job_key(job), 'stage') == 'relate' then
    redis.call('HSET', job_key(job), 'stage', '', 'away', '')
    for i = 0, tonumber(redis.call('HGET', job_key(job), 'items')) - 1 do
      local key = item_key(job, i)
      if redis.call('HGET', key, 'stage') == 'relate' then
        redis.call('HSET', key, 'error', words, 'code', code)
        log(job, t, 'error', tostring(i), words)
        close_item(job, tostring(i), t, 'failed')
      end
    end
    return
  end
  if item == '-1' then
    log(job, t, 'error', item, words)
    redis.call('HSET', job_key(job), 'error', words)
    close_job(job, t, 'failed')
    return
  end
  redis.call('HSET', item_key(job, item), 'error', words, 'code', code)
  log(job, t, 'error', item, words)
  close_item(job, item, t, 'failed')
end
