-- Items stay with the engine that has begun their analysis, and wait for it, but not for ever.
-- Comes after common.lua.

-- The engines with which live workers analyse, as a set; whether any worker analyses at all.
local function engines_alive(t)
  local able, some = {}, false
  local since = text(t - WORKER_EXPIRY)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', since, '+inf')) do
    local key = P .. 'worker:' .. name
    local queues = redis.call('HGET', key, 'queues') or ''
    if string.find(',' .. queues .. ',', ',analyze,', 1, true) then
      some = true
      able[redis.call('HGET', key, 'engine') or ''] = true
      for _, field in ipairs(redis.call('HKEYS', key)) do
        if string.sub(field, 1, #ABLE) == ABLE then able[string.sub(field, #ABLE + 1)] = true end
      end
    end
  end
  return able, some
end

-- Write down since when the engines that items wait for are missing. Only time counts in which
-- somebody looked, and in which there was a worker: after a night without any, all have their time
-- to come back. `gap`: seconds without a sweep that mean that nobody looked.
local function watch_engines(t, gap)
  local key, last = P .. 'absent', tonumber(redis.call('GET', P .. 'swept') or 0)
  redis.call('SET', P .. 'swept', text(t))
  local needed = redis.call('HVALS', P .. 'turned')
  if #needed == 0 then
    redis.call('DEL', key)
    return
  end
  local able, some = engines_alive(t)
  if not some or t - last > gap then redis.call('DEL', key) end
  if not some then return end
  local missing = {}
  for _, engine in ipairs(needed) do
    if not able[engine] then
      missing[engine] = true
      redis.call('HSETNX', key, engine, text(t))
    end
  end
  for _, engine in ipairs(redis.call('HKEYS', key)) do
    if not missing[engine] then redis.call('HDEL', key, engine) end
  end
end

-- Whether no live worker has had `engine` for `wait` seconds, and none is at work on the item.
local function missed(job, item, engine, t, wait)
  local since = tonumber(redis.call('HGET', P .. 'absent', engine) or '')
  if not since or t - since < wait or engines_alive(t)[engine] then return false end
  for index = 0, tonumber(redis.call('HGET', item_key(job, item), 'n')) - 1 do
    local ends = redis.call('ZSCORE', P .. 'leases', member(job, item .. '/analyze/' .. index))
    if ends and tonumber(ends) > t then return false end
  end
  return true
end

-- Another attempt at the item's analysis, of units with numbers of their own: what workers of the
-- earlier one still hand in is not wanted, and what they write has other names.
local function begin_anew(job, item, before, engine, t, wait)
  local key = item_key(job, item)
  for index = 0, tonumber(redis.call('HGET', key, 'n')) - 1 do
    drop(job, item .. '/analyze/' .. index)
  end
  redis.call('HINCRBY', key, 'anew', 1)
  redis.call('HSET', key, 'engine', engine, 'begun_by', before, 'analyzed', 0)
  redis.call('HDEL', key, 'started')
  redis.call('HDEL', P .. 'turned', job .. ':' .. item)
  enter_analysis(job, item, tonumber(redis.call('HGET', key, 'segments')))
  local long = wait < 120 and string.format('%g s', wait) or string.format('%g min', wait / 60)
  log(job, t, 'warning', item, 'analysis begins anew with ' .. engine .. ': for ' .. long
    .. ' no worker had what it was begun with (' .. before .. ')')
end
