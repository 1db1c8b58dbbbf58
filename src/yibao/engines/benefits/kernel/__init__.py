"""The kernel (结算内核): the waterfall as generated code, for one claim and for a city's year.

The law of an area is taken apart into *shape* and *numbers*. From the shape (which slots a layer
draws, which counters it reads, how many bands it has) a plain function over 64-bit integers is
generated for every plan, and compiled. The numbers stand in *blocks*, one for each layer and each
combination of the facts that the layer asks; a claim's *profile* is a row of blocks. So a reform of
numbers compiles nothing, and a city's claims need a few thousand blocks.

Reading order: :mod:`~.shapes` (what a plan is), :mod:`~.tracks` (slots that run as one),
:mod:`~.layer_code` and :mod:`~.plan_code` (the generated code), :mod:`~.blocks` and
:mod:`~.profiles` (the numbers), :mod:`~.program` (all of it together), :mod:`~.batch` (columns of
claims), :mod:`~.single` (one claim, explained). The design and its measurements: docs/adr/0010.

Holds: figures, slots, counters and refusals equal the reference engine's, to the fen. Numbers are
resolved by the reference's own code, so the two can differ in arithmetic alone, and property tests
hold that equal.

Refuses: to read a policy, to keep files (whoever makes a program brings a loader for compiled
code), to settle claims that do not stand in order, and to point compiled code at a column that it
has not checked.
"""
