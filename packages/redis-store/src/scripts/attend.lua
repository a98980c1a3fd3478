-- What the attention index says of the item's record, told by the record itself: one of its effects, by
-- name, or '!' for a record that couldn't be read. What isn't so any more leaves the index.
local function operate(name)
  local record = load()
  local effect = record and findEffect(record, name)
  local state = effect and seenState(record, effect)
  if state == SENDING then return false end
  if state ~= UNKNOWN and state ~= BLOCKED then
    unlist(name)
    return false
  end
  return {
    record[KEY_TEXT] or '', record[PIPELINE], record[MESSAGE_ID], attemptReply(record, effect, state),
    record[DEAD_LETTER] and wire(record[DEAD_LETTER]) or false,
  }
end
