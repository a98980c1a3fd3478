-- The end of every script that takes many items: answers them in their order. KEYS[i] is item i's, and
-- ARGV[1] are the arguments of all, as JSON: a list of lists.
local replies = {}
for i, args in ipairs(cjson.decode(ARGV[1])) do
  key = KEYS[i]
  local ok, reply = pcall(operate, unpack(args))
  -- What one can't do must not keep the others from it.
  if not ok then
    reply = redis.error_reply(type(reply) == 'table' and reply.err or tostring(reply))
  end
  replies[i] = reply
end
return replies
