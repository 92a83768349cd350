-- ARGV: job, seconds.  A submission is still at work on its uploads.
-- Returns 1, or 0 where it had been silent for so long that they may have been collected.
local job, t = ARGV[1], now()
local ends = redis.call('ZSCORE', P .. 'uploading', job)
if not ends or tonumber(ends) <= t then return 0 end
redis.call('ZADD', P .. 'uploading', text(t + tonumber(ARGV[2])), job)
return 1
