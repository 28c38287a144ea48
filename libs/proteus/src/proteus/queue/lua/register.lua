-- register: a worker's card in the registry.
-- Guarantee: afterwards the card is exactly this one and lives `life` seconds; ids whose cards expired are swept.
-- KEYS: 1 workers (ZSET id -> ms)  2 this worker's card (HASH)
-- ARGV: 1 worker id  2 life in seconds, then field, value pairs
-- Returns: how many dead ids were swept.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
return redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2] * 1000)
