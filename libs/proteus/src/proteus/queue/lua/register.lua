-- register: a worker's card in the registry.
-- Guarantee: afterwards the card is exactly this one and lives `life` seconds; ids whose cards expired are swept; the
-- request to drain this worker, if there is one, lives on.
-- KEYS: 1 workers (ZSET id -> ms)  2 this worker's card (HASH)  3 the request to drain it (STRING)
-- ARGV: 1 worker id  2 life of the card in seconds  3 life of the request in seconds, then field, value pairs
-- Returns: 1 while an operator wants this worker to take no more jobs, else 0.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2] * 1000)
return redis.call('EXPIRE', KEYS[3], ARGV[3])
