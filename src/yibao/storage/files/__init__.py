"""Files: policy documents, claims and results on a disk.

A policy document is read as a tree of text scalars, each with its line, because YAML's own
guesses (``010``, ``12:30``, ``no``) would change the law in silence; typing is the schema's work.
Tables of claims stream through CSV and Parquet, so that a city's year needs no more memory than a
district's.

Holds: a value keeps its file and line until a person has seen its faults; a written file appears
whole under its name or not at all.

Refuses: to interpret a rule, to guess a type, an encoding or a missing column, and to read
outside the folder that it was pointed at.
"""
