-- Goes before every script about records: how the item's record is read from its key and written.
-- The decisions are those of core's record/claims.ts and record/effects.ts; names follow them.
--
-- A record is one string of MessagePack values, false where something is absent:
--   state, fence, leaseUntil, leaseUntil - claimedAt, owner, messageId, fingerprint, pipeline, keyText,
--   what few have: { waived (JSON), { dead's messageId, reason, at }, resolutions (JSON, ","-joined) }
-- and its effects, in the order in which they were begun, each another such string:
--   name, state, attemptNumber, startedAt - claimedAt, deadline - startedAt, staleAt - deadline,
--   allowed (1) + settledAfterDeadLetter (2), receipt's via, at - startedAt, id,
--   what few have: { owner and fence if not the record's, reason, floor if not attemptNumber,
--   floorFence if not fence, duplicates { id, at, via } }
--
-- Values, not an array of them: they are read and written without a table. What most messages do takes
-- this further (claimNew, beginFirst, settleSent, completeOne): the values of a record go from one string
-- into the next, and no named fields are made of them. A quarter of Redis' time a message went into those.

local STATES = { 'sending', 'unknown', 'accepted', 'rejected', 'blocked', 'dropped' }
local VIAS = { 'provider', 'event', 'operator', 'simulated' }
local RECORD_STATES = { 'claimed', 'released', 'done', 'dead' }
local STATE_CODES = { sending = 1, unknown = 2, accepted = 3, rejected = 4, blocked = 5, dropped = 6 }
local VIA_CODES = { provider = 1, event = 2, operator = 3, simulated = 4 }
local RECORD_STATE_CODES = { claimed = 1, released = 2, done = 3, dead = 4 }

-- A number as text that JavaScript reads back unchanged; Redis would cut a fraction off.
local function num(value)
  return string.format('%.17g', value)
end

local function needsAttention(effect)
  return effect.state == 'sending' or effect.state == 'unknown' or effect.state == 'blocked'
end

-- The codes of what the fast paths lead through.
local CLAIMED, DONE = RECORD_STATE_CODES.claimed, RECORD_STATE_CODES.done
local SENDING, ACCEPTED = STATE_CODES.sending, STATE_CODES.accepted

local function decodeEffect(
  record, name, state, attemptNumber, startedAfter, timeoutMs, validityMs, flags, via, receiptAfter, receiptId, few
)
  local startedAt = record.claimedAt + startedAfter
  local deadline = startedAt + timeoutMs
  local owner, fence, reason, floor, floorFence, duplicates = unpack(few or {})
  fence = fence or record.fence
  local effect = {
    effect = name,
    state = STATES[state],
    attemptNumber = attemptNumber,
    startedAt = startedAt,
    deadline = deadline,
    staleAt = deadline + validityMs,
    allowed = flags % 2 == 1,
    settledAfterDeadLetter = flags >= 2,
    receipt = via and { via = VIAS[via], at = startedAt + receiptAfter, id = receiptId or nil },
    owner = owner or record.owner,
    fence = fence,
    reason = reason or nil,
    floor = floor or attemptNumber,
    floorFence = floorFence or fence,
    duplicates = duplicates or nil,
  }
  -- The score under which it stands in the attention index.
  if needsAttention(effect) then effect.indexedAt = deadline end
  return effect
end

-- False if all are absent.
local function anyOf(...)
  for i = 1, select('#', ...) do
    if select(i, ...) then return { ... } end
  end
  return false
end

local function encodeEffect(record, effect)
  local receipt = effect.receipt
  return cmsgpack.pack(
    effect.effect,
    STATE_CODES[effect.state],
    effect.attemptNumber,
    effect.startedAt - record.claimedAt,
    effect.deadline - effect.startedAt,
    effect.staleAt - effect.deadline,
    (effect.allowed and 1 or 0) + (effect.settledAfterDeadLetter and 2 or 0),
    receipt and VIA_CODES[receipt.via] or false,
    receipt and receipt.at - effect.startedAt or false,
    receipt and receipt.id or false,
    anyOf(
      effect.owner ~= record.owner and effect.owner,
      effect.fence ~= record.fence and effect.fence,
      effect.reason or false,
      effect.floor ~= effect.attemptNumber and effect.floor,
      effect.floorFence ~= effect.fence and effect.floorFence,
      effect.duplicates or false
    )
  )
end

local function decode(
  state, fence, leaseUntil, leasedFor, owner, messageId, fingerprint, pipeline, keyText, few, ...
)
  local waived, dead, resolutions = unpack(few or {})
  local record = {
    state = RECORD_STATES[state],
    fence = fence,
    leaseUntil = leaseUntil,
    claimedAt = leaseUntil - leasedFor,
    owner = owner,
    messageId = messageId,
    fingerprint = fingerprint or nil,
    pipeline = pipeline,
    keyText = keyText or nil,
    waived = waived or nil,
    dead = dead and { messageId = dead[1], reason = dead[2], at = dead[3] } or nil,
    resolutions = resolutions or nil,
    effects = { ... },
  }
  for i, effect in ipairs(record.effects) do
    record.effects[i] = decodeEffect(record, cmsgpack.unpack(effect))
  end
  return record
end

local function encode(record)
  local effects = {}
  for i, effect in ipairs(record.effects) do effects[i] = encodeEffect(record, effect) end
  local dead = record.dead
  return cmsgpack.pack(
    RECORD_STATE_CODES[record.state],
    record.fence,
    record.leaseUntil,
    record.leaseUntil - record.claimedAt,
    record.owner,
    record.messageId,
    record.fingerprint or false,
    record.pipeline,
    record.keyText or false,
    anyOf(
      record.waived or false,
      dead and { dead.messageId, dead.reason, dead.at } or false,
      record.resolutions or false
    ),
    unpack(effects)
  )
end

-- The texts of the call's records by key, false where there is none: one command reads all.
local texts = {}
for i, text in ipairs(redis.call('MGET', unpack(KEYS))) do texts[KEYS[i]] = text end

-- The text of the item's record.
local function stored()
  if texts[key] == nil then texts[key] = redis.call('GET', key) end
  return texts[key]
end

local function load()
  local text = stored()
  return text and decode(cmsgpack.unpack(text)) or nil
end

-- Its bucket's attention index and its name there. Both names begin with the bucket's, in braces.
local function placeOf(name)
  local bucketEnd = key:find('}', 1, true) + 1
  return key:sub(1, bucketEnd) .. 'attention', name .. ' ' .. key:sub(bucketEnd + 1)
end

local function list(name, deadline)
  local attention, member = placeOf(name)
  redis.call('ZADD', attention, num(deadline), member)
end

local function unlist(name)
  redis.call('ZREM', placeOf(name))
end

-- The attention index moves with the record, in one atomic step, and only where the effect does.
local function updateAttention(record)
  for _, effect in ipairs(record.effects) do
    if needsAttention(effect) then
      if effect.indexedAt ~= effect.deadline then list(effect.effect, effect.deadline) end
    elseif effect.indexedAt then
      unlist(effect.effect)
    end
  end
end

local function write(text, ...)
  local reply = redis.pcall('SET', key, text, ...)
  if reply.err then
    -- A full server refuses a script's first write, and only that, unless it is a removal. What begins (a
    -- new record, a begin's ZADD) stays refused. What ends is taken: after a removal of nothing.
    if not stored() or not reply.err:find('OOM', 1, true) then error(reply) end
    unlist('')
    redis.call('SET', key, text, ...)
  end
  texts[key] = text
end

local function writeFor(ms, text)
  write(text, 'PX', string.format('%.0f', math.max(1, math.ceil(ms))))
end

-- Without a new expiry the record keeps the one it has. One that has an effect doesn't expire before
-- it is done.
local function save(record, expiresAt)
  -- First: what can't be encoded must not leave the list of what needs attention.
  local text = encode(record)
  updateAttention(record)
  if record.state ~= 'done' and #record.effects > 0 then return write(text) end
  if not expiresAt then return write(text, 'KEEPTTL') end
  writeFor(expiresAt - now, text)
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

local function isSameAttempt(effect, owner, fence, attemptNumber)
  return effect ~= nil and effect.owner == owner and effect.fence == fence and effect.attemptNumber == attemptNumber
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
    effect.effect, effect.owner, num(effect.fence), num(effect.attemptNumber),
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
