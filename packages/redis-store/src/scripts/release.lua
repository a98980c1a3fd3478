local key, owner, fence = ARGV[1], ARGV[2], tonumber(ARGV[3])
local retentionMs = tonumber(ARGV[4])

local record = load(KEYS[1])
if not record or record.owner ~= owner or record.fence ~= fence then return 'lost' end
if record.state == 'released' then return 'released' end
if record.state ~= 'claimed' then return 'lost' end
record.state = 'released'
record.leaseUntil = now
sendingToUnknown(record.effects)
if #record.effects == 0 then record.expiresAt = now + retentionMs end
save(record, key)
return 'released'
