"""Groups by diagnosis and procedures (按病种分值 DIP): a catalogue made by an area's own stays.

A catalogue is built from stays: core groups (核心病种) where enough stays share the principal
diagnosis's first characters and the procedures that count, mixed groups (综合病种) by broader
diagnosis and treatment for the rest, a blank group for what is left. What a stay is worth comes
from its group's mean cost against the mean of all, in points.

:mod:`.codes` writes codes in one way; :mod:`.profiles` says what of a stay counts; :mod:`.building`
makes the groups, :mod:`.catalogue` holds them, :mod:`.choosing` finds a stay's, :mod:`.auxiliary`
its factor by age, comorbidity and severity. A *profile* is what grouping reads of a stay but its
cost: stays of one profile have the same candidates, so a population is grouped profile by profile
and only ties are settled stay by stay. One stay at a counter goes the same way.

Holds: every stay lands in exactly one group; the order of stays changes nothing; all means are
exact, and a weight is rounded once.

Refuses: any parameter of its own. Thresholds, shares, years, classes and lists are dated, cited
data (docs/dip.md), and example values say so.
"""
