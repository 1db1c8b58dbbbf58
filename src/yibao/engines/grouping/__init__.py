"""Case grouping (病例分组): a stay's diagnoses and procedures lead to a group, by tables alone.

A grouping scheme (分组方案) is data: major categories (MDC) in order, each with its basic groups
(ADRG) in order and a slot for ambiguous cases (QY) between them, each of those with its ladder of
groups (DRG). Every step has one condition of a closed vocabulary (:mod:`~.conditions`) over lists
of codes, a few numbers of the case, and the complications that count (MCC, CC, with exclusions).
:mod:`~.checking` proves tables to be a scheme, :mod:`~.compiler` lays it out as arrays,
:mod:`~.machine` walks them, for one case and for a million. :mod:`~.explaining` reads the walk.

Holds: the first condition that holds wins, at every level; a case that enters an MDC and fits none
of its ADRGs goes on to the next MDC; the plain interpreter (:mod:`~.reference`) answers the same;
an explanation prints the walk that was taken and decides nothing by itself.

Refuses: code in conditions, a scheme with a dangling name, to guess a missing number of a case
(a comparison with it does not hold), and to correct a code.
"""
