local key, owner, fence = ARGV[1], ARGV[2], tonumber(ARGV[3])
local leaseMs, retentionMs = tonumber(ARGV[4]), tonumber(ARGV[5])

local record = load(KEYS[1])
if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
-- A lease is never shortened.
record.leaseUntil = math.max(record.leaseUntil, now + leaseMs)
if record.expiresAt then record.expiresAt = record.leaseUntil + retentionMs end
save(record, key)
return 'held'
