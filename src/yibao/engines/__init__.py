"""Engines: pure decisions, each a function of what it is given.

An engine takes rules, facts and balances as values and answers with amounts, reasons and a trace.
Because nothing else flows in, any decision can be made again years later and compared to the fen,
and one engine serves the counter, the year's recomputation and the what-if alike.

Holds: same input, same output; every fen has one place; a broken identity stops the run.

Refuses: clocks, randomness, files, databases and networks; a clock's day, a generated id or a row
that was read is passed in by an office. ``policy`` is the lowest room, the others stand beside
each other on it and do not import one another.
"""
