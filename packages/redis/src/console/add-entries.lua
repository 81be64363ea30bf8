-- Appends entries to a stream that is cut at a number.
-- KEY stream
-- ARG most    entries that remain
-- MORE ARGS entries
-- RETURN 1
-- COST O(entries)

for index = entries, #ARGV do redis.call('XADD', stream, 'MAXLEN', most, '*', 'entry', ARGV[index]) end
return 1
