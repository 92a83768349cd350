-- ARGV: job.  Forget a job altogether.
local job, t = ARGV[1], now()
local items = redis.call('HGET', job_key(job), 'items')
if items then
  close_job(job, t, 'cancelled')
  if redis.call('HLEN', ended_key(job)) < tonumber(items) then
    for i = 0, tonumber(items) - 1 do
      redis.call('DEL', item_key(job, i), done_key(job, i))
    end
  end
end
redis.call('UNLINK', job_key(job), ended_key(job), P .. 'log:' .. job)
redis.call('ZREM', P .. 'jobs', job)
redis.call('ZREM', P .. 'active', job)
return items or ''
