-- Appends entries to a stream of bounded length.
-- KEY stream
-- ARG maxLength
-- MORE ARGS entries
-- RETURN 1
-- COST O(entries)

for index = entries, #ARGV do redis.call('XADD', stream, 'MAXLEN', maxLength, '*', 'entry', ARGV[index]) end
return 1
