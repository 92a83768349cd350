-- ARGV: job.  Forget a job altogether.
local job, t = ARGV[1], now()
local items = redis.call('HGET', job_key(job), 'items')
if items then
  close_job(job, t, 'cancelled')
  for i = 0, tonumber(items) - 1 do
    redis.call('DEL', item_key(job, i), done_key(job, i))
  end
end
redis.call('DEL', job_key(job), P .. 'log:' .. job)
redis.call('ZREM', P .. 'jobs', job)
redis.call('ZREM', P .. 'active', job)
return items or ''
