"""A synthetic city (合成城市): persons who do not exist, with a year of claims, from one seed.

A city is made to try the rules on: to settle a year, to ask what a reform would do, to measure
engines at the size of ten million members. It is drawn, never derived from any person's data, and
carries no names and no identity numbers.

How it is made. Members are drawn in *chunks* of one fixed size, household by household; then each
chunk's events (visits, purchases, stays, deliveries), their bills, and the lines of the bills.
Every chunk draws from a counter-based generator keyed by (seed, chunk, purpose), so a chunk depends
on nothing but the seed and its number: not on the partitions or the order of work.
Draws are whole numbers from end to end (tables of quantiles in thousandths); no float touches an
amount, and the same seed gives the same bytes.

Where its figures come from. ``data/targets.yaml`` has what is published about Qingdao, with
sources, months and accepted bounds; ``data/assumptions.yaml``, ``conditions.csv`` and ``items.csv``
have what a city needs besides, and are ours. Volumes are scaled on a reference population;
``yibao city report`` prints target against generated. No figure of either stands in Python.

What it is not: evidence. It repeats the published totals because it was made to; what it says about
their parts is an assumption.

Rooms: :mod:`.figures` reads the data, :mod:`.draws` draws, :mod:`.population`, :mod:`.outpatient`,
:mod:`.stays` and :mod:`.bills` make a chunk, :mod:`.tables` writes it as the claims contract has it
(docs/claims-format.md), :mod:`.making` writes the folder, :mod:`.measuring` compares it.
"""
