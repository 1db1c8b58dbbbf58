"""Policy (政策): from documents of law as data to a plan for one product and one day.

The policy language says everything as dated, cited entries: areas, facts, counters, numbers,
layers, overlays. This room validates what storage has read, resolves what one area takes from
another, applies overlays, cuts time at every change, and answers a compiled plan.

Holds: each day of each declared product has exactly one rule. A gap, an overlap or a clash is a
fault that shows every place concerned, all of them in one go, and never a silent choice. Nothing
is inherited unless a document says so by name.

Refuses: to open a file, to know today's date, to repair a document, and to hold a number of any
law.
"""
