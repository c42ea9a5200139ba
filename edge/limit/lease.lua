-- The generic cell rate algorithm for all hosts together, for several keys at once. Time is this server's own, in microseconds; what goes in
-- and out are durations and cells, so that no host's clock counts.
-- KEYS: one a limit and asker. ARGV, four for each: step, tolerance, cells used since the last time (less those given back), cells wanted.
-- Answers two for each: cells granted, backlog.
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local answers = {}
for i, key in ipairs(KEYS) do
  local step, tolerance = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2])
  local used, wanted = tonumber(ARGV[i * 4 - 1]), tonumber(ARGV[i * 4])
  local backlog = math.max(0, (tonumber(redis.call('GET', key)) or 0) - now)
  backlog = math.max(0, backlog + used * step)
  local free = math.floor((tolerance + step - backlog) / step)
  local granted = math.max(0, math.min(wanted, free))
  backlog = backlog + granted * step
  if backlog > 0 then
    redis.call('SET', key, string.format('%.0f', now + backlog), 'PX', math.ceil(backlog / 1000))
  else
    redis.call('DEL', key)
  end
  answers[#answers + 1] = granted
  answers[#answers + 1] = string.format('%.0f', backlog)
end
return answers
