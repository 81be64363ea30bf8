-- Appends entries to a stream. An entry that is refused does not affect the others.
-- KEY stream
-- MORE ARGS entries       for each a record, then field, value …
-- RECORD entry: maxLength, count
-- RETURN the id of each, or its error
-- INCLUDE lua/append-to
-- COST O(entries)

local answers = {}
local at = entries
while at <= #ARGV do
  -- `maxLength`: entries that the stream keeps ('' = all). `count`: how many fields and values follow.
  local first, maxLength, count = readEntry(at)
  answers[#answers + 1] = appendTo(stream, maxLength, unpack(ARGV, first, first + count - 1))
  at = first + count
end
return answers
