local function operate()
  local record = load()
  if not record then return false end
  return { isLive(record) and '1' or '0', attemptReplies(record), wire(record) }
end
