-- The end of every script that takes many items: answers them in their order. KEYS[i] is item i's, and
-- ARGV[1] are the arguments of all, as JSON: a list of lists.

-- What one can't do must not keep the others from it.
local function answerOf(args)
  local ok, reply = pcall(operate, unpack(args))
  if ok then return reply end
  local told = type(reply) == 'table' and (reply.unreadable or reply.err) or tostring(reply)
  if type(reply) == 'table' and reply.unreadable or told:find('WRONGTYPE', 1, true) then
    pcall(noteUnreadable)
    return redis.error_reply('UNREADABLE ' .. told)
  end
  return redis.error_reply(told)
end

local replies = {}
for i, args in ipairs(cjson.decode(ARGV[1])) do
  key = KEYS[i]
  replies[i] = answerOf(args)
end
return replies
