"""Weights and quality of groups (权重与分组质量): what a grouping says of costs, exactly.

The same for DRG and DIP: cases are numbers of groups, amounts in fen and days, as arrays. A mean
is an exact fraction until it is rounded once, under a name (:mod:`.decimals`). :mod:`.cells` counts
and sums by group, with trimming; :mod:`.relative` makes relative weights of years that count
unequally; :mod:`.quality` tells case mix, spread, explained variance and outliers.

Holds: every case stands in one group; counts and sums of groups add up to those of all cases; the
order of the cases changes nothing.

Refuses: to pick parameters. Trimming, years and bounds come from data.
"""
