-- The start of every script that takes many items: one call, its start and its place in the client's
-- pipeline are shared by all that were asked for together. The script defines `operate`, which does
-- what it is about to one item; `each.lua` calls it.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- The key of the item at hand.
local key

-- Ends the item: what stands under its key is nothing that this release knows.
local function unreadable(why)
  error({ unreadable = why })
end

-- Called for an item that ended so.
local noteUnreadable = function() end
