-- Goes before every script about records: how the item's record is read from its key and written.
-- The decisions are those of core's record/claims.ts and record/effects.ts; names follow them.
--
-- A record is a string of MessagePack values, here an array of them. Where each stands, and its kind, is
-- described in format/description.ts, which the constants come from: record[FENCE], effect[EFFECT_STATE].
-- An optional value is false, or nothing at the end. What a later release has put behind the values that
-- this one knows stays in the array, and so is written back.

-- A number as text that JavaScript reads back unchanged; Redis would cut a fraction off.
local function num(value)
  return string.format('%.17g', value)
end

local function unpacked(what, ok, ...)
  if not ok then unreadable(what .. ' is no MessagePack') end
  return { ... }
end

local function checkId(id)
  if not PACKINGS[id:byte(1)] then unreadable('an id is packed in an unknown way') end
end

local function checkReceipt(receipt)
  checkReceiptValues(receipt)
  if not VIAS[receipt[RECEIPT_VIA]] then unreadable('a receipt is of kind ' .. receipt[RECEIPT_VIA]) end
  if receipt[RECEIPT_ID] then checkId(receipt[RECEIPT_ID]) end
end

local function decodeEffect(text)
  local effect = unpacked('an effect', pcall(cmsgpack.unpack, text))
  checkEffectValues(effect)
  if not EFFECT_STATES[effect[EFFECT_STATE]] then
    unreadable('an effect is in state ' .. effect[EFFECT_STATE])
  end
  if effect[EFFECT_RECEIPT] then checkReceipt(effect[EFFECT_RECEIPT]) end
  if effect[EFFECT_DUPLICATES] then
    for _, receipt in ipairs(effect[EFFECT_DUPLICATES]) do checkReceipt(receipt) end
  end
  return effect
end

local function decode(text)
  local format = text:byte(1)
  if format ~= OWN_FORMAT then unreadable('format ' .. tostring(format)) end
  local record = unpacked('the record', pcall(cmsgpack.unpack, text))
  checkRecordValues(record)
  if not RECORD_STATES[record[STATE]] then unreadable('state ' .. record[STATE]) end
  checkId(record[MESSAGE_ID])
  if record[FINGERPRINT] then checkId(record[FINGERPRINT]) end
  local effects = record[EFFECTS]
  if effects then
    for i = 1, #effects do effects[i] = decodeEffect(effects[i]) end
  end
  if record[DEAD_LETTER] then
    checkDeadLetterValues(record[DEAD_LETTER])
    checkId(record[DEAD_LETTER][DEAD_LETTER_MESSAGE_ID])
  elseif record[STATE] == DEAD then
    unreadable("a dead letter's note is missing")
  end
  return record
end

-- The texts of the call's records by key, false where there is none: one command reads all.
local texts = {}
for i, text in ipairs(redis.call('MGET', unpack(KEYS))) do texts[KEYS[i]] = text end

-- The text of the item's record.
local function stored()
  if texts[key] == nil then texts[key] = redis.call('GET', key) end
  return texts[key]
end

-- MGET takes a value of another kind for absent.
local function kindAt()
  return redis.call('TYPE', key)['ok']
end

local function load()
  local text = stored()
  if text then return decode(text) end
  local kind = kindAt()
  if kind ~= 'none' then unreadable('a ' .. kind) end
  return nil
end

-- Sets an optional value, behind whatever is absent before it.
local function set(values, place, value)
  for i = #values + 1, place - 1 do values[i] = false end
  values[place] = value
end

local function clear(values, place)
  if values[place] then values[place] = false end
end

local function effectsOf(record)
  return record[EFFECTS] or {}
end

local function leaseUntilOf(record)
  return record[CLAIMED_AT] + record[LEASED_FOR]
end

local function triesOf(record)
  return record[TRIES] or 1
end

local function setTries(record, tries)
  if tries == 1 then clear(record, TRIES) else set(record, TRIES, tries) end
end

local function ownerOf(record, effect)
  return effect[EFFECT_OWNER] or record[OWNER]
end

local function fenceOf(record, effect)
  return effect[EFFECT_FENCE] or record[FENCE]
end

local function floorOf(effect)
  return effect[EFFECT_FLOOR] or effect[EFFECT_ATTEMPT_NUMBER]
end

local function floorFenceOf(record, effect)
  return effect[EFFECT_FLOOR_FENCE] or fenceOf(record, effect)
end

local function startedAtOf(record, effect)
  return record[CLAIMED_AT] + effect[EFFECT_STARTED_AFTER]
end

local function deadlineOf(record, effect)
  return startedAtOf(record, effect) + effect[EFFECT_TIMEOUT_MS]
end

local function staleAtOf(record, effect)
  return deadlineOf(record, effect) + effect[EFFECT_VALIDITY_MS]
end

-- When the earliest attempt began that isn't proven unsent, where that is one before the effect's.
local function unknownSinceOf(record, effect)
  return effect[EFFECT_OLDER_BY] and startedAtOf(record, effect) - effect[EFFECT_OLDER_BY]
end

local function isLive(record)
  return record[STATE] == CLAIMED and leaseUntilOf(record) > now
end

local function holds(record, owner, fence)
  return record[STATE] == CLAIMED and record[OWNER] == owner and record[FENCE] == fence
end

local function findEffect(record, name)
  for _, effect in ipairs(effectsOf(record)) do
    if effect[EFFECT_NAME] == name then return effect end
  end
  return nil
end

local function isSameAttempt(record, effect, owner, fence, attemptNumber)
  return effect ~= nil
    and effect[EFFECT_ATTEMPT_NUMBER] == attemptNumber
    and fenceOf(record, effect) == fence
    and ownerOf(record, effect) == owner
end

-- At or below what was begun or given up under this claim.
local function isBelowFloor(record, effect, fence, attemptNumber)
  return floorFenceOf(record, effect) == fence and attemptNumber <= floorOf(effect)
end

local function seenState(record, effect)
  if effect[EFFECT_STATE] ~= SENDING then return effect[EFFECT_STATE] end
  local itsOwn = ownerOf(record, effect) == record[OWNER] and fenceOf(record, effect) == record[FENCE]
  return itsOwn and isLive(record) and SENDING or UNKNOWN
end

-- An effect as this attempt leaves it, with nothing known but that.
local function effectBy(record, name, state, owner, fence, attemptNumber)
  local effect = { name, state, attemptNumber, now - record[CLAIMED_AT], 0, 0 }
  if owner ~= record[OWNER] then set(effect, EFFECT_OWNER, owner) end
  if fence ~= record[FENCE] then set(effect, EFFECT_FENCE, fence) end
  return effect
end

-- What came before another attempt (or a block) and isn't proven unsent stays so.
local function keepOpen(record, following, before)
  local since = before and unknownSinceOf(record, before)
  if before and not since and before[EFFECT_STATE] == UNKNOWN then
    since = startedAtOf(record, before)
  end
  if not since then return end
  set(following, EFFECT_OLDER_BY, startedAtOf(record, following) - since)
  local validityMs = staleAtOf(record, before) - deadlineOf(record, following)
  following[EFFECT_VALIDITY_MS] = math.max(following[EFFECT_VALIDITY_MS], validityMs)
end

-- In place of the effect of its name.
local function putEffect(record, effect)
  local effects = record[EFFECTS]
  if not effects then
    set(record, EFFECTS, { effect })
    return
  end
  for i, known in ipairs(effects) do
    if known[EFFECT_NAME] == effect[EFFECT_NAME] then
      effects[i] = effect
      return
    end
  end
  effects[#effects + 1] = effect
end

-- Before another claim begins, or a burial: its effects' attempts stay what they are, by their own
-- owner, fence and time.
local function detachEffects(record, claimedAt)
  for _, effect in ipairs(effectsOf(record)) do
    local owner, fence = ownerOf(record, effect), fenceOf(record, effect)
    set(effect, EFFECT_OWNER, owner)
    set(effect, EFFECT_FENCE, fence)
    effect[EFFECT_STARTED_AFTER] = startedAtOf(record, effect) - claimedAt
  end
end

local function sendingToUnknown(record)
  for _, effect in ipairs(effectsOf(record)) do
    if effect[EFFECT_STATE] == SENDING then effect[EFFECT_STATE] = UNKNOWN end
  end
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

-- What can't be read is listed, too, under a name that no effect has.
function noteUnreadable()
  local attention, member = placeOf('!')
  redis.call('ZADD', attention, 'NX', num(now), member)
end

-- The score under which an effect stands in the attention index; nil where it doesn't.
local function scoreOf(record, effect)
  if not effect then return nil end
  local state = effect[EFFECT_STATE]
  if state ~= SENDING and state ~= UNKNOWN and state ~= BLOCKED then return nil end
  return deadlineOf(record, effect)
end

local function write(text, ...)
  local reply = redis.pcall('SET', key, text, ...)
  -- Only a value of another kind stands where a new record is refused.
  if not reply then unreadable('a ' .. kindAt()) end
  if reply.err then
    -- A full server refuses a script's first write, and only that, unless it is a removal. What begins (a
    -- new record, a begin's ZADD) stays refused. What ends is taken: after a removal of nothing.
    if not stored() or not reply.err:find('OOM', 1, true) then error(reply) end
    unlist('')
    redis.call('SET', key, text, ...)
  end
  texts[key] = text
end

local function writeFor(ms, text, ...)
  write(text, 'PX', string.format('%.0f', math.max(1, math.ceil(ms))), ...)
end

local function trim(values)
  for i = #values, 1, -1 do
    if values[i] ~= false then return end
    values[i] = nil
  end
end

local function encode(record)
  local effects = record[EFFECTS]
  if effects then
    local packed = {}
    for i = 1, #effects do
      trim(effects[i])
      packed[i] = cmsgpack.pack(unpack(effects[i]))
    end
    record[EFFECTS] = packed
  end
  trim(record)
  local text = cmsgpack.pack(unpack(record))
  record[EFFECTS] = effects
  return text
end

-- Without a new expiry the record keeps the one it has. One that has an effect doesn't expire before
-- it is done.
local function saveText(record, text, expiresAt)
  if record[STATE] ~= DONE and record[EFFECTS] then return write(text) end
  if not expiresAt then return write(text, 'KEEPTTL') end
  writeFor(expiresAt - now, text)
end

local function save(record, expiresAt)
  saveText(record, encode(record), expiresAt)
end

-- The attention index moves with the record, in one atomic step. `before` is the score under which the
-- effect stood there.
local function saveEffect(record, effect, before)
  -- First: what can't be encoded must not leave the list of what needs attention.
  local text = encode(record)
  local score = scoreOf(record, effect)
  if score ~= before then
    if score then list(effect[EFFECT_NAME], score) else unlist(effect[EFFECT_NAME]) end
  end
  saveText(record, text)
end

-- A value of a record in a reply.
local function wire(value)
  if type(value) == 'number' then return num(value) end
  if type(value) == 'boolean' then return value and '1' or false end
  if type(value) ~= 'table' then return value end
  local values = {}
  for i, each in ipairs(value) do values[i] = wire(each) end
  return values
end

local function receiptReply(record, effect, receipt)
  local at = startedAtOf(record, effect) + receipt[RECEIPT_AFTER]
  return { VIAS[receipt[RECEIPT_VIA]], num(at), receipt[RECEIPT_ID] or false }
end

local function attemptReply(record, effect, state)
  return {
    num(record[CLAIMED_AT]), record[OWNER], num(record[FENCE]),
    EFFECT_STATES[state or seenState(record, effect)], wire(effect),
  }
end

local function attemptReplies(record)
  local attempts = {}
  for i, effect in ipairs(effectsOf(record)) do attempts[i] = attemptReply(record, effect) end
  return attempts
end
