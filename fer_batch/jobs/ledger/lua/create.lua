-- ARGV: job, fields (JSON object), items (JSON array of objects).  Idempotent.
-- Returns the units handed out, or false where the job is already there.
local job, t, out = ARGV[1], now(), {}
if redis.call('EXISTS', job_key(job)) == 1 then return false end
put_fields(job_key(job), cjson.decode(ARGV[2]))
local items = cjson.decode(ARGV[3])
for i, fields in ipairs(items) do
  local item = tostring(i - 1)
  fields.state, fields.stage, fields.n = 'queued', 'probe', 1
  put_fields(item_key(job, item), fields)
  push_ready(job, item, 'probe', 1, 0)
end
redis.call('HSET', job_key(job), 'left', #items, 'items', #items, 'state', 'queued', 'stage', '')
if redis.call('HGET', job_key(job), 'relate') == '1' and not redis.call('HGET', job_key(job), 'away') then
  redis.call('HSET', job_key(job), 'away', #items)
end
-- A job cannot be younger than now, whatever the clock of who submitted it says.
local created = text(math.min(tonumber(redis.call('HGET', job_key(job), 'created')) or t, t))
redis.call('HSET', job_key(job), 'created', created)
redis.call('ZADD', P .. 'jobs', created, job)
redis.call('ZADD', P .. 'active', created, job)
log(job, t, 'info', '-1', 'submitted with ' .. #items .. (#items == 1 and ' input' or ' inputs'))
refill(job, t, out)
return out
