-- One bucket's effects that need attention, by attempt deadline, after (afterDeadline, afterMember).
-- KEYS[1] is some name of the bucket's records ending in ARGV[1], from which the others follow.
local attention = KEYS[2]
local sample, afterDeadline, afterMember, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local prefix = KEYS[1]:sub(1, -1 - #sample)

local function itemOf(record, suffix, effect, member)
  return {
    member, suffix, record.keyText or '', record.pipeline, record.messageId,
    infoReply(record, effect), record.dead and deadReply(record.dead) or false,
  }
end

local members = redis.call('ZRANGEBYSCORE', attention, afterDeadline, '+inf', 'WITHSCORES')
local items = {}
for i = 1, #members, 2 do
  local member, deadline = members[i], members[i + 1]
  if tonumber(deadline) > tonumber(afterDeadline) or member > afterMember then
    local name, suffix = member:match('^(%S+) (.*)$')
    key = prefix .. suffix
    local record = load()
    local effect = record and findEffect(record, name)
    if not effect or not needsAttention(effect) then
      -- Its record is past its retention.
      redis.call('ZREM', attention, member)
    elseif seenState(record, effect) ~= 'sending' then
      items[#items + 1] = itemOf(record, suffix, effect, member)
      if #items == limit then break end
    end
  end
end
return items
