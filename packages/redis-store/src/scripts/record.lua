-- Goes before every script about records: how the item's record is read from its key and written.
-- The decisions are those of core's record.ts and record-effects.ts; names follow them.
--
-- A record is one string: a MessagePack array, false where something is absent.
--   1 state   2 fence   3 leaseUntil   4 leaseUntil - claimedAt   5 owner   6 messageId
--   7 fingerprint   8 pipeline   9 effects   10 keyText   11 waived (JSON)
--   12 dead's messageId, reason, at   13 resolutions (JSON, ", "-joined)
-- Each of its effects is another, in the order in which they were begun; see decodeEffect.

local STATES = { 'sending', 'unknown', 'accepted', 'rejected', 'held', 'dropped' }
local VIAS = { 'provider', 'event', 'operator', 'simulated' }
local RECORD_STATES = { 'claimed', 'released', 'done', 'dead' }
local STATE_CODES = { sending = 1, unknown = 2, accepted = 3, rejected = 4, held = 5, dropped = 6 }
local VIA_CODES = { provider = 1, event = 2, operator = 3, simulated = 4 }
local RECORD_STATE_CODES = { claimed = 1, released = 2, done = 3, dead = 4 }

-- A number as text that JavaScript reads back unchanged; Redis would cut a fraction off.
local function num(value)
  return string.format('%.17g', value)
end

local function needsAttention(effect)
  return effect.state == 'sending' or effect.state == 'unknown' or effect.state == 'held'
end

local function decodeEffect(record, e)
  local startedAt = record.claimedAt + e[4]
  local deadline = startedAt + e[5]
  local fence = e[12] or record.fence
  local effect = {
    effect = e[1],
    state = STATES[e[2]],
    n = e[3],
    startedAt = startedAt,
    deadline = deadline,
    staleAt = deadline + e[6],
    allowed = e[7] % 2 == 1,
    settledAfterDeadLetter = e[7] >= 2,
    receipt = e[8] and { via = VIAS[e[8]], at = startedAt + e[9], id = e[10] or nil },
    owner = e[11] or record.owner,
    fence = fence,
    reason = e[13] or nil,
    floor = e[14] or e[3],
    floorFence = e[15] or fence,
    duplicates = e[16] or nil,
  }
  -- The score under which it stands in the attention index.
  if needsAttention(effect) then effect.indexedAt = deadline end
  return effect
end

-- Most end in absent fields.
local function trimmed(fields)
  for i = #fields, 1, -1 do
    if fields[i] then break end
    fields[i] = nil
  end
  return fields
end

local function encodeEffect(record, effect)
  local receipt = effect.receipt
  return trimmed({
    effect.effect,
    STATE_CODES[effect.state],
    effect.n,
    effect.startedAt - record.claimedAt,
    effect.deadline - effect.startedAt,
    effect.staleAt - effect.deadline,
    (effect.allowed and 1 or 0) + (effect.settledAfterDeadLetter and 2 or 0),
    receipt and VIA_CODES[receipt.via] or false,
    receipt and receipt.at - effect.startedAt or false,
    receipt and receipt.id or false,
    effect.owner ~= record.owner and effect.owner,
    effect.fence ~= record.fence and effect.fence,
    effect.reason or false,
    effect.floor ~= effect.n and effect.floor,
    effect.floorFence ~= effect.fence and effect.floorFence,
    effect.duplicates or false,
  })
end

local wasThere = false

local function load()
  local text = redis.call('GET', key)
  wasThere = text ~= false
  if not wasThere then return nil end
  local r = cmsgpack.unpack(text)
  local record = {
    state = RECORD_STATES[r[1]],
    fence = r[2],
    leaseUntil = r[3],
    claimedAt = r[3] - r[4],
    owner = r[5],
    messageId = r[6],
    fingerprint = r[7] or nil,
    pipeline = r[8],
    effects = r[9] or {},
    keyText = r[10] or nil,
    waived = r[11] or nil,
    dead = r[12] and { messageId = r[12][1], reason = r[12][2], at = r[12][3] },
    resolutions = r[13] or nil,
  }
  for i, e in ipairs(record.effects) do record.effects[i] = decodeEffect(record, e) end
  return record
end

local function encode(record)
  local effects = {}
  for i, effect in ipairs(record.effects) do effects[i] = encodeEffect(record, effect) end
  local dead = record.dead
  return cmsgpack.pack(trimmed({
    RECORD_STATE_CODES[record.state],
    record.fence,
    record.leaseUntil,
    record.leaseUntil - record.claimedAt,
    record.owner,
    record.messageId,
    record.fingerprint or false,
    record.pipeline,
    #effects > 0 and effects,
    record.keyText or false,
    record.waived or false,
    dead and { dead.messageId, dead.reason, dead.at } or false,
    record.resolutions or false,
  }))
end

-- Its bucket's attention index and its name there. Both names begin with the bucket's, in braces.
local function placeOf(effect)
  local bucketEnd = key:find('}', 1, true) + 1
  return key:sub(1, bucketEnd) .. 'attention', effect.effect .. ' ' .. key:sub(bucketEnd + 1)
end

-- The attention index moves with the record, in one atomic step, and only where the effect does.
local function updateAttention(record)
  for _, effect in ipairs(record.effects) do
    if needsAttention(effect) then
      if effect.indexedAt ~= effect.deadline then
        local attention, member = placeOf(effect)
        redis.call('ZADD', attention, num(effect.deadline), member)
      end
    elseif effect.indexedAt then
      redis.call('ZREM', placeOf(effect))
    end
  end
end

local function write(...)
  local reply = redis.pcall('SET', key, ...)
  if not reply.err then return end
  -- A full server refuses a script's first write, and only that, unless it is a removal. What begins (a
  -- new record, a begin's ZADD) stays refused. What ends is taken: after a removal of nothing.
  if not wasThere or not reply.err:find('OOM', 1, true) then error(reply) end
  redis.call('ZREM', placeOf({ effect = '' }))
  redis.call('SET', key, ...)
end

-- Without a new expiry the record keeps the one it has. One that has an effect doesn't expire before
-- it is done.
local function save(record, expiresAt)
  -- First: what can't be encoded must not leave the list of what needs attention.
  local text = encode(record)
  updateAttention(record)
  if record.state ~= 'done' and #record.effects > 0 then return write(text) end
  if not expiresAt then return write(text, 'KEEPTTL') end
  write(text, 'PX', string.format('%.0f', math.max(1, math.ceil(expiresAt - now))))
end

local function isLive(record)
  return record.state == 'claimed' and record.leaseUntil > now
end

local function holds(record, owner, fence)
  return record.state == 'claimed' and record.owner == owner and record.fence == fence
end

local function findEffect(record, name)
  for _, effect in ipairs(record.effects) do
    if effect.effect == name then return effect end
  end
  return nil
end

local function isSameAttempt(effect, owner, fence, n)
  return effect ~= nil and effect.owner == owner and effect.fence == fence and effect.n == n
end

local function putEffect(record, effect)
  for i, known in ipairs(record.effects) do
    if known.effect == effect.effect then
      effect.indexedAt = known.indexedAt
      record.effects[i] = effect
      return
    end
  end
  record.effects[#record.effects + 1] = effect
end

local function seenState(record, effect)
  if effect.state ~= 'sending' then return effect.state end
  local itsOwn = record.owner == effect.owner and record.fence == effect.fence
  return itsOwn and isLive(record) and 'sending' or 'unknown'
end

local function receiptReply(receipt)
  return { receipt.id or false, num(receipt.at), receipt.via }
end

local function infoReply(record, effect, state)
  return {
    effect.effect, effect.owner, num(effect.fence), num(effect.n),
    state or seenState(record, effect),
    num(effect.startedAt), num(effect.deadline), num(effect.staleAt),
    effect.reason or false,
    effect.receipt and receiptReply(effect.receipt) or false,
    effect.allowed and '1' or false,
    effect.settledAfterDeadLetter and '1' or false,
  }
end

local function infoReplies(record)
  local infos = {}
  for i, effect in ipairs(record.effects) do infos[i] = infoReply(record, effect) end
  return infos
end

local function deadReply(dead)
  return { dead.messageId, dead.reason, num(dead.at) }
end

local function sendingToUnknown(effects)
  for _, effect in ipairs(effects) do
    if effect.state == 'sending' then effect.state = 'unknown' end
  end
end
