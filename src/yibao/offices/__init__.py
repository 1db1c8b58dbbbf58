"""Offices: the departments of the bureau, with their use cases.

An office asks the engines for decisions and acts on them in one transaction. Clocks, identifiers
and transactions start here and nowhere lower. The departments stand in a fixed order, each may
use those below it; the order is written in ARCHITECTURE.md and held by ``make check``.

Holds: a use case happens wholly or not at all. What must reach upward goes by a port which the
wiring binds, and an unbound port answers that it is not loaded.

Refuses: to render, to parse a request, to compute a benefit by itself, and to pass in silence
where a check could not be made.
"""
