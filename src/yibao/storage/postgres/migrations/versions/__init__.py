"""The revisions (版本), each one step of the schema, named by its number and what it brings.

Holds: ``revision`` is the file's number and word; ``down_revision`` is the step before it, and
there is one head.

Refuses: ``downgrade``: nothing that was booked is dropped.
"""
