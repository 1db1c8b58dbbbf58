"""The schema's history (迁移): one step per revision, run in order by :mod:`..migrate`.

A revision stands in ``versions`` and runs the SQL of the same name from ``sql`` by
:func:`.script.run`, with the service's role named as an identifier. What a role may do is granted
in the step that makes the thing, so that no moment exists in which it may do more.

Holds: a landed revision is never edited; each has a small file of data in the tests, from which the
head is reached.

Refuses: to go down. A step back is a backup restored, because the books only grow.
"""
