"""DIP for whole populations (按病种分值): catalogues from files of stays, and stays by a catalogue.

:mod:`.profiling` turns a file's stays into profiles, which the engine decides about, and into the
marks that auxiliary lists ask for; :mod:`.making` builds a catalogue, :mod:`.placing` groups a
file, :mod:`.explaining` one stay of it. Decisions are the engine's
(:mod:`yibao.engines.grouping.dip`), once for each profile; here they are spread over stays.

Holds: a result has a row for every stay that was read, and rejects for every one that was not; the
two add up to the rows of the files.

Refuses: to write half a result, and to group by a catalogue whose table was changed by hand.
"""
