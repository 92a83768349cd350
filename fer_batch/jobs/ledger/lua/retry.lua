-- ARGV: job.  Failed and cancelled items start over; what they have committed is kept in storage.
-- Returns {number of items, units to publish}; -1 where there is no such job, -2 while it runs.
local OF_A_TRY = {'error', 'code', 'started', 'finished', 'analyzed', 'drawn', 'warnings'}
local job, t, out, count = ARGV[1], now(), {}, 0
local state = redis.call('HGET', job_key(job), 'state')
if not state then return {-1, out} end
if not is_final(state) then return {-2, out} end
for i = 0, tonumber(redis.call('HGET', job_key(job), 'items')) - 1 do
  local fields = ended_item(job, i) or own_fields(job, i)
  if fields.state ~= 'done' then
    for _, name in ipairs(OF_A_TRY) do fields[name] = nil end
    fields.state, fields.retried = 'queued', 1
    redis.call('HDEL', ended_key(job), i)
    redis.call('DEL', item_key(job, i))
    put_fields(item_key(job, i), fields)
    enter_stage(job, tostring(i), 'probe', 1)
    count = count + 1
  end
end
if count == 0 and state == 'done' then return {0, out} end
redis.call('HDEL', job_key(job), 'finished', 'error', 'cancelled')
redis.call('HSET', job_key(job), 'state', 'queued', 'left', count, 'stage', '')
redis.call('ZADD', P .. 'active', redis.call('HGET', job_key(job), 'created'), job)
if redis.call('HGET', job_key(job), 'relate') == '1' then
  redis.call('HSET', job_key(job), 'away', count > 0 and count or '')
end
if count == 0 then
  redis.call('HSET', job_key(job), 'stage', 'index')
  redis.call('RPUSH', ready_key(job, 'control'), '-1/index/0')
end
log(job, t, 'info', '-1', 'retried: ' .. count .. (count == 1 and ' input' or ' inputs'))
refill(job, t, out)
return {count, out}
