-- ARGV: uploads (JSON array), seconds.  Somebody wants to delete these uploads.
-- Returns those that no submission has reserved, and marks them as being deleted.
local t, out = now(), {}
local jobs = redis.call('ZRANGEBYSCORE', P .. 'uploading', text(t), '+inf')
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
