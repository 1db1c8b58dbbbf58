"""Settling in bulk (批量结算): files to files by the compiled kernel, in bounded memory.

A row of `claims` is facts, dates, amounts and ids. Facts and dates become small codes, a row's
codes one *word*, words numbers of profiles (:mod:`.words`, :mod:`.resolving`); amounts go to the
kernel as they are, with the rows of sums of counters that are kept by more than the member's year
(:mod:`.counting`). What comes out becomes a table (:mod:`.desks`) and is filed
(:mod:`.pipeline`).

What the kernel cannot take is settled by the reference engine, member by member: claims with lines
to be split, cells or rows that are wrong, stays whose days are asked. So the answer is always the
reference's, row by row and column by column; only the speed differs.

Work is cut into *shares*, stretches of a file of whole members (:mod:`.reading`). Shares are
settled in threads (:mod:`.shares`) and filed in their order: the same input gives the same bytes,
whoever worked on it.
"""
