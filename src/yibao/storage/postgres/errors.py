"""Why the database cannot be used (数据库不可用): a code, what happened, what to do.

Every error of this room is one of these. A refused connection and a full pool are the caller's
weather and have their own types, since a service answers them with "later" and not with "wrong".
"""

from __future__ import annotations

from yibao.base.errors import YibaoError
from yibao.base.texts import Text


class UnableToUseDatabase(YibaoError):
    """The base; ``code`` has a row in docs/errors.md."""

    def __init__(self, code: str, message: Text, *, remedy: Text) -> None:
        super().__init__(message, remedy)
        self.code = code


class UnableToReachDatabase(UnableToUseDatabase):
    """No connection, or one that was lost; what was not answered may or may not have been done."""


class UnableToConnectInTime(UnableToReachDatabase):
    """Every connection of the pool was in use for as long as one may wait."""


class UnableToFinishInTime(UnableToUseDatabase):
    """The server cancelled a statement, or rivals kept a transaction from ending."""


class UnableToRunServer(UnableToUseDatabase):
    """The embedded server cannot be made, started or stopped."""


class UnableToMigrate(UnableToUseDatabase):
    """The schema cannot be brought to a revision."""


class UnableToRestore(UnableToUseDatabase):
    """A backup cannot be made, trusted or restored."""
