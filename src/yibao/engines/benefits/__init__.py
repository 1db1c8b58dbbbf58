"""Benefits (待遇): what a bill is worth to a member, as a waterfall of layers (保障层).

A bill's lines are split into what is outside the catalogue, above a price limit, first borne by
the member, and eligible. Every layer of a plan is then the same small operation: draw what is
still on the member, take the deductible, pay by bands, hold to the ceilings, leave the rest with
a reason for the next layer. What a layer remembers between claims is a counter, and a counter is
a plain sum.

Holds: submitted = noncovered + over_limit + prior_self_pay + eligible, and submitted = benefits +
adjustments, for a line, for a claim and for a year; both are checked by raising, in every run.
The explanation prints the engine's own figures and never computes a second time.

Refuses: to look up rules by itself, to keep counters (it is given balances and returns deltas),
to round anywhere but at the named places, and to pay more than was charged.
"""
