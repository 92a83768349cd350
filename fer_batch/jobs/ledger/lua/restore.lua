-- ARGV: job, fields (JSON object), items (JSON array of objects with their states).
-- Puts a job of a final state back as storage remembers it, after Redis was emptied.
local job = ARGV[1]
if redis.call('EXISTS', job_key(job)) == 1 then return 0 end
put_fields(job_key(job), cjson.decode(ARGV[2]))
local items = cjson.decode(ARGV[3])
for i, fields in ipairs(items) do
  keep_ended(job, i - 1, fields)
end
redis.call('HSET', job_key(job), 'left', 0, 'items', #items, 'stage', '')
redis.call('ZADD', P .. 'jobs', redis.call('HGET', job_key(job), 'created'), job)
return 1
