-- ARGV: uploads (JSON array), seconds.  Somebody wants to delete these uploads.
-- Returns those that no submission has reserved, and marks them as being deleted.
local t, out = now(), {}
redis.call('ZREMRANGEBYSCORE', P .. 'uploading', '-inf', text(t))
local jobs = redis.call('ZRANGE', P .. 'uploading', 0, -1)
for _, upload in ipairs(cjson.decode(ARGV[1])) do
  local free = true
  for _, job in ipairs(jobs) do
    if redis.call('SISMEMBER', P .. 'uploads:' .. job, upload) == 1 then free = false end
  end
  if free then
    redis.call('HSET', P .. 'deleting', upload, text(t + tonumber(ARGV[2])))
    out[#out + 1] = upload
  end
end
return out
