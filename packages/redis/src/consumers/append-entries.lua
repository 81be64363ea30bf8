-- Appends entries to a stream, each for itself: one that is refused leaves the others alone.
-- KEY stream
-- MORE ARGS entries       for each a record, then field, value …
-- RECORD entry: most, count
-- RETURN the id of each, or its error
-- INCLUDE lua/append-to
-- COST O(entries)

local answers = {}
local at = entries
while at <= #ARGV do
  -- `most` entries remain ('' = all); `count` arguments follow.
  local first, most, count = readEntry(at)
  answers[#answers + 1] = appendTo(stream, most, unpack(ARGV, first, first + count - 1))
  at = first + count
end
return answers
