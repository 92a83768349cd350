-- ARGV: job, seconds, uploads (JSON array), owner.  A submission needs these uploads.
-- Returns those that are being deleted at this moment: the caller waits and asks again.
local job, t, out = ARGV[1], now(), {}
local key = P .. 'uploads:' .. job
redis.call('ZADD', P .. 'uploading', text(t + tonumber(ARGV[2])), job)
redis.call('HSET', P .. 'uploaders', job, ARGV[4])
for _, upload in ipairs(cjson.decode(ARGV[3])) do
  redis.call('SADD', key, upload)
  local ends = redis.call('HGET', P .. 'deleting', upload)
  if ends and tonumber(ends) > t then out[#out + 1] = upload end
end
return out
