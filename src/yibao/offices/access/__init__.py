"""Access (权限与留痕): who may do what, and who saw and did it.

Every door asks this room first. It turns a password, a session or an institution's key into an
:class:`~yibao.offices.access.actors.Actor`: who acts, from where, with which permissions at this
moment. Other offices call ``require(actor, permission)`` before they act and
``record(connection, actor, …)`` in the transaction of the act, so that nothing happens without its
line in the log and no line tells of what did not happen.

Roles and what they permit are data in the database, dated grants give them to people, and no code
asks for a role: code asks for a permission by its name.

Holds: a secret is shown once and stored as a digest; a grant, key or session counts from
``valid_from`` up to, not including, ``valid_until``; the log only grows, and the database refuses
anything else from the service and from the owner alike; nobody grants a role to themselves.

Refuses: to tell an unknown login from a wrong password, to take a secret from the words of a
command line, to keep an identity number in the log, and to act for nobody.
"""
