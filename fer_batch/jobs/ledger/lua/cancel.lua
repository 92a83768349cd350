-- ARGV: job.  Returns the state it was in, '' where there is no such job.
local job, t = ARGV[1], now()
local state = redis.call('HGET', job_key(job), 'state')
if not state then return '' end
if is_final(state) then return state end
local count = 0
for i = 0, tonumber(redis.call('HGET', job_key(job), 'items')) - 1 do
  local fields = open_item(job, i)
  if fields then
    count = count + 1
    put_away(job, i, fields, t, 'cancelled')
  end
end
redis.call('HSET', job_key(job), 'left', 0, 'cancelled', count)
close_job(job, t, 'cancelled')
log(job, t, 'info', '-1', 'cancelled')
return state
