-- The start of every script about records: the time, and a record read from and written to its hash.
-- The decisions are those of core's record.ts and record-effects.ts; names follow them.
--
-- KEYS[1] the record's hash, KEYS[2] its bucket's attention index. Fields of the hash:
--   r  state, fence, leaseUntil, claimedAt, owner     q  messageId, fingerprint     p  pipeline
--   k  keyText    w  waived (JSON)    x  dead's messageId, reason, at    z  resolutions (JSON, ", "-joined)
--   e<effect>  the effect     i<effect>  its receipt's id
-- Values stay within 64 bytes where they can: beyond that Redis takes a much larger encoding.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local STATES = { 'sending', 'unknown', 'accepted', 'rejected', 'held', 'dropped' }
local VIAS = { 'provider', 'event', 'operator', 'simulated' }
local RECORD_STATES = { 'claimed', 'released', 'done', 'dead' }

local function codesOf(words)
  local codes = {}
  for code, word in ipairs(words) do codes[word] = code end
  return codes
end
local STATE_CODES, VIA_CODES, RECORD_STATE_CODES = codesOf(STATES), codesOf(VIAS), codesOf(RECORD_STATES)

-- A number as text that JavaScript reads back unchanged; Redis would cut a fraction off.
local function num(value)
  return string.format('%.17g', value)
end

-- Ids of a known layout (UUID, SES message id, fingerprint) take half their length.
local LAYOUTS = {
  { prefix = '', groups = { 8, 4, 4, 4, 12 } },
  { prefix = '', groups = { 16, 8, 4, 4, 4, 12, 6 } },
  { prefix = 'v1:', groups = { 32 } },
}

local function unsqueeze(packed)
  local layout = LAYOUTS[packed:byte(1)]
  if not layout then return packed:sub(2) end
  local groups, from = {}, 2
  for i, digits in ipairs(layout.groups) do
    local bytes = packed:sub(from, from + digits / 2 - 1)
    groups[i] = bytes:gsub('.', function(byte) return string.format('%02x', byte:byte()) end)
    from = from + digits / 2
  end
  return layout.prefix .. table.concat(groups, '-')
end

local function plain(text)
  return '=' .. text
end

local function squeeze(text)
  for code, layout in ipairs(LAYOUTS) do
    local hex = text:sub(#layout.prefix + 1):gsub('-', '')
    if #hex % 2 == 0 and not hex:find('[^0-9a-f]') then
      local bytes = hex:gsub('..', function(pair) return string.char(tonumber(pair, 16)) end)
      local packed = string.char(code) .. bytes
      if unsqueeze(packed) == text then return packed end
    end
  end
  return plain(text)
end

local function needsAttention(effect)
  return effect.state == 'sending' or effect.state == 'unknown' or effect.state == 'held'
end

local function decodeEffect(record, name, packed, receiptId)
  local e = cmsgpack.unpack(packed)
  local effect = {
    effect = name,
    order = e[1],
    state = STATES[e[2]],
    owner = e[3] or record.owner,
    fence = e[4] or record.fence,
    n = e[5],
    startedAt = record.claimedAt + e[6],
    allowed = e[9] % 2 == 1,
    settledAfterDeadLetter = e[9] >= 2,
    reason = e[12] or nil,
    floor = e[13] or e[5],
    duplicates = e[15] or nil,
  }
  effect.floorFence = e[14] or effect.fence
  effect.deadline = effect.startedAt + e[7]
  effect.staleAt = effect.deadline + e[8]
  if e[10] then
    effect.receipt = {
      via = VIAS[e[10]],
      at = effect.startedAt + e[11],
      id = receiptId and unsqueeze(receiptId),
    }
  end
  effect.indexed = needsAttention(effect)
  return effect
end

local function encodeEffect(record, effect)
  local receipt = effect.receipt
  local e = {
    effect.order,
    STATE_CODES[effect.state],
    effect.owner ~= record.owner and effect.owner,
    effect.fence ~= record.fence and effect.fence,
    effect.n,
    effect.startedAt - record.claimedAt,
    effect.deadline - effect.startedAt,
    effect.staleAt - effect.deadline,
    (effect.allowed and 1 or 0) + (effect.settledAfterDeadLetter and 2 or 0),
    receipt and VIA_CODES[receipt.via] or false,
    receipt and receipt.at - effect.startedAt or false,
    effect.reason or false,
    effect.floor ~= effect.n and effect.floor,
    effect.floorFence ~= effect.fence and effect.floorFence,
    effect.duplicates or false,
  }
  -- Most have none of the last ones.
  while #e > 9 and not e[#e] do e[#e] = nil end
  return cmsgpack.pack(e)
end

local wasThere = false

local function load(key)
  local flat = redis.call('HGETALL', key)
  wasThere = #flat > 0
  if not wasThere then return nil end
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  local r, q = cmsgpack.unpack(fields.r), cmsgpack.unpack(fields.q)
  local record = {
    state = RECORD_STATES[r[1]],
    fence = r[2],
    leaseUntil = r[3],
    claimedAt = r[3] - r[4],
    owner = r[5],
    messageId = unsqueeze(q[1]),
    fingerprint = q[2] and unsqueeze(q[2]),
    pipeline = fields.p,
    keyText = fields.k,
    waived = fields.w,
    resolutions = fields.z,
    effects = {},
  }
  if fields.x then
    local x = cmsgpack.unpack(fields.x)
    record.dead = { messageId = x[1], reason = x[2], at = x[3] }
  end
  for field, value in pairs(fields) do
    if #field > 1 and field:sub(1, 1) == 'e' then
      local name = field:sub(2)
      record.effects[#record.effects + 1] = decodeEffect(record, name, value, fields['i' .. name])
    end
  end
  table.sort(record.effects, function(a, b) return a.order < b.order end)
  local ttl = redis.call('PTTL', key)
  if ttl >= 0 then record.expiresAt = now + ttl end
  return record
end

-- Written whole, so that what grew while the record was open is small again once it is done.
local function save(record, key)
  -- Most records are done, and packing ids takes longer than all the rest.
  local pack = record.state == 'done' and squeeze or plain
  local fields = {
    'r', cmsgpack.pack({
      RECORD_STATE_CODES[record.state], record.fence, record.leaseUntil,
      record.leaseUntil - record.claimedAt, record.owner,
    }),
    'q', cmsgpack.pack({
      pack(record.messageId), record.fingerprint and pack(record.fingerprint) or false,
    }),
    'p', record.pipeline,
  }
  local function add(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  if record.keyText then add('k', record.keyText) end
  if record.waived then add('w', record.waived) end
  if record.resolutions then add('z', record.resolutions) end
  if record.dead then
    add('x', cmsgpack.pack({ record.dead.messageId, record.dead.reason, record.dead.at }))
  end
  for _, effect in ipairs(record.effects) do
    add('e' .. effect.effect, encodeEffect(record, effect))
    if effect.receipt and effect.receipt.id then
      add('i' .. effect.effect, pack(effect.receipt.id))
    end
    local member = effect.effect .. ' ' .. key
    if needsAttention(effect) then
      redis.call('ZADD', KEYS[2], num(effect.deadline), member)
    elseif effect.indexed then
      redis.call('ZREM', KEYS[2], member)
    end
  end
  -- A full server refuses a script at its first write, and only then. What begins (a new record's HSET,
  -- a begin's ZADD) is refused so; what ends starts with ZREM or DEL, and is still taken.
  if wasThere then redis.call('DEL', KEYS[1]) end
  redis.call('HSET', KEYS[1], unpack(fields))
  if record.expiresAt then
    redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.ceil(record.expiresAt)))
  end
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
      effect.order, effect.indexed = known.order, known.indexed
      record.effects[i] = effect
      return
    end
  end
  local last = record.effects[#record.effects]
  effect.order = last and last.order + 1 or 0
  record.effects[#record.effects + 1] = effect
end

-- A record that has an effect doesn't expire before it is done.
local function unexpire(record)
  if record.state ~= 'done' then record.expiresAt = nil end
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
