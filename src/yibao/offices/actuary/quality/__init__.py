"""The report on a grouping (分组质量报告), DRG or DIP: weights, case mix, spread, outliers.

:mod:`.reading` takes what `yibao group` or `yibao dip group` wrote, with costs of its own or from
the file of cases; the engine (:mod:`yibao.engines.grouping.weights.quality`) judges;
:mod:`.writing` writes tables, a workbook and JSON, :mod:`.page` draws the picture.

Holds: rows = judged + without a group + without a cost. Refuses: to group or to fill in a cost.
"""
