-- Members of a bucket's attention index behind (afterDeadline, afterMember), each with its deadline, in
-- the index's order: by deadline, and bytewise among equals.

-- Lua's own comparison goes by the server's locale.
local function isBehind(member, other)
  for i = 1, math.min(#member, #other) do
    local difference = member:byte(i) - other:byte(i)
    if difference ~= 0 then return difference > 0 end
  end
  return #member > #other
end

local function operate(afterDeadline, afterMember, limit)
  local after = tonumber(afterDeadline)
  local found, offset, some = {}, 0, nil
  while #found < 2 * limit and (not some or #some == 2 * limit) do
    some = redis.call(
      'ZRANGEBYSCORE', key, afterDeadline, '+inf', 'WITHSCORES', 'LIMIT', offset, limit
    )
    for i = 1, #some, 2 do
      local isNew = not after or tonumber(some[i + 1]) > after or isBehind(some[i], afterMember)
      if isNew and #found < 2 * limit then
        found[#found + 1], found[#found + 2] = some[i], some[i + 1]
      end
    end
    offset = offset + limit
  end
  return found
end
