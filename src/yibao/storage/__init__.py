"""Storage: where values come from and go to, without an opinion about them.

``files`` reads policies, charts and tables of claims, cases and events, and writes results;
``postgres`` runs a database server and is the only way to it. Neither knows the other. Storage
turns bytes into the values of the lower floors and back, and keeps the place of each (file and
line), so that a fault can point at what a person wrote.

Holds: what is read is either complete and placed, or refused with all its faults; a result is
either written whole or not at all.

Refuses: to decide, to fill in defaults, and to import an office: tables belong to the offices,
which declare them on what storage offers.
"""
