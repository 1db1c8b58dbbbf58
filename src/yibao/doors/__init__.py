"""Doors: how the world comes in and what it is shown.

A door parses a request, calls one use case, and renders the answer: the command line today,
pages, an API and the national interface when their time comes. Doors do not know each other.

Holds: a person meets prose in their own language, with the place and the remedy; a program meets
stable codes. A caller's mistake never shows a traceback.

Refuses: arithmetic, queries, and rules; a door that needs one of them is missing a use case.
"""
