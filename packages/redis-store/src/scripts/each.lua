-- The end of every script that takes many items: answers them in their order. ARGV[1] is their number,
-- and all have as many keys and arguments as the first. Arguments are texts, which Lua reckons with as
-- they are but doesn't compare.
local items = tonumber(ARGV[1])
local keysEach, argsEach = #KEYS / items, math.floor((#ARGV - 1) / items)
local replies = {}
for i = 1, items do
  key, attention = KEYS[(i - 1) * keysEach + 1], KEYS[i * keysEach]
  local from = 2 + (i - 1) * argsEach
  local ok, reply = pcall(operate, unpack(ARGV, from, from + argsEach - 1))
  -- What one can't do must not keep the others from it.
  if not ok then
    reply = redis.error_reply(type(reply) == 'table' and reply.err or tostring(reply))
  end
  replies[i] = reply
end
return replies
