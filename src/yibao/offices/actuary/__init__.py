"""Actuary (精算): whole populations at once, on files.

The benefit engine settles one bill at a counter; the actuary settles a file of them, makes a
synthetic city to settle, and settles it twice to compare the law with a reform. A reform is a
named overlay in the policy language, so both sides run the same engine and differ in data alone.
It sends files of cases through a grouping scheme (``grouping``), makes DIP catalogues from stays
and groups by them (``dip``), and judges a grouping (``quality``).

Holds: totals are sums of determinations, equal to the fen whatever the order of files, the number
of processes or the engine; the same seed makes the same city.

Refuses: to touch the books or any database, to approximate an amount, and to show a person's
record where a total was asked for. It stands on engines and files only.
"""
