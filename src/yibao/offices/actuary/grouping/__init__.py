"""Grouping (病例分组): files of cases through a scheme, schemes checked, compared and taken in.

A file of cases goes in, one row a case comes out, with a status whatever the case is like; cases
that are invalid stand besides in a file of rejects, each with its reasons and what to do. Schemes
are opened here, compiled once and kept.

Holds: cases read = grouped + ambiguous + ungrouped + invalid; the rows of OUT stand in the order of
the file; how many threads work changes nothing.

Refuses: to stop for an odd case, to leave one out, and to bring a scheme but the example.

Where this is imported before Arrow, Arrow takes memory from the system's allocator, unless the
environment names another: pieces are small, and its own keeps 30 MiB of what they have freed.
"""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
