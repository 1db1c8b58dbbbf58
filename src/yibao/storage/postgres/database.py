"""The way to the database (数据库连接): a pool, an engine, and transactions that are tried again.

The hot path takes :attr:`Database.pool` and raw SQL; reports take :meth:`Database.reading`, where
every statement sees the same moment. Work that writes goes through :meth:`Database.transact`, the
one place where a serialisation failure or a deadlock is met by trying again.

Holds: what ``transact`` returns was committed. Work that is tried again starts from nothing, so it
must do nothing outside its connection that cannot be done twice.

Refuses: to try again after a lost connection, because the commit may have happened: the caller
sends the same id once more and the books answer with the first result.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar

import asyncpg
import tenacity

from yibao.base.texts import Text
from yibao.storage.postgres.errors import (
    UnableToConnectInTime,
    UnableToFinishInTime,
    UnableToReachDatabase,
)
from yibao.storage.postgres.settings import without_password

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Isolation = Literal["read_committed", "repeatable_read", "serializable"]
Connection: TypeAlias = asyncpg.Connection
T = TypeVar("T")

OLDEST_VERSION = 15
ATTEMPTS = 12
CONNECT_SECONDS = 10
WAIT_SECONDS = 15
_SESSION = {"application_name": "yibao", "timezone": "UTC"}
_ENGINE_CONNECTIONS = 4
_RIVALS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_AGAIN = (*_RIVALS, asyncpg.InvalidCachedStatementError)  # the last: the schema moved meanwhile
_REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # a connection broken in the middle of a message
)


class Database:
    """One database, reached as one role: ``async with await Database.open(url) as database``."""

    def __init__(self, pool: asyncpg.Pool, *, url: str, wait_seconds: float) -> None:
        self.pool = pool
        self._url = url
        self._wait_seconds = wait_seconds

    @classmethod
    async def open(cls, url: str, *, size: int = 8, wait_seconds: float = WAIT_SECONDS) -> Self:
        """Connect, with at most ``size`` connections in the pool.

        Who finds them all in use waits for ``wait_seconds``.

        Raises:
            UnableToReachDatabase: nothing listens, the password is refused, the version is old.
        """
        with _reached(url):
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                timeout=CONNECT_SECONDS,
                init=_judged,
                server_settings=_SESSION,
            )
        return cls(pool, url=url, wait_seconds=wait_seconds)

    async def close(self) -> None:
        """Let every connection go."""
        if "engine" in self.__dict__:
            await self.engine.dispose()
        await self.pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @cached_property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine on the same driver, with a few connections of its own."""
        options = {"pool_size": _ENGINE_CONNECTIONS, "max_overflow": 0}
        return engine_of(self._url, pool_timeout=self._wait_seconds, **options)

    async def transact(
        self,
        work: Callable[[Connection], Awaitable[T]],
        *,
        isolation: Isolation = "read_committed",
        read_only: bool = False,
    ) -> T:
        """Run ``work`` in a transaction; from the start again where rivals were in the way.

        Raises:
            UnableToConnectInTime: the pool is used up.
            UnableToReachDatabase: the connection was lost; whether it was committed is not known.
            UnableToFinishInTime: rivals kept being in the way, or a statement was cancelled.
        """
        attempts = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_AGAIN),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_random_exponential(multiplier=0.005, max=0.5),
            reraise=True,
        )

        async def once() -> T:
            async with (
                self.connection() as connection,
                connection.transaction(isolation=isolation, readonly=read_only),
            ):
                return await work(connection)

        with _answered(self._url):
            return await attempts(once)

    def ending_with(self, last: Callable[[Connection, Any], Awaitable[None]]) -> Database:
        """The same database, where ``last`` ends every transaction that writes: both, or neither.

        ``last`` gets the connection and what the work returned. Only this database is closed.
        """
        return _Ending(self, last)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool, outside any transaction.

        Raises:
            UnableToConnectInTime: every connection is in use.
        """
        with _reached(self._url):
            try:
                connection = await self.pool.acquire(timeout=self._wait_seconds)
            except TimeoutError:
                raise self._used_up(self.pool.get_max_size()) from None
        try:
            yield connection
        finally:
            await self.pool.release(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see one moment, and cannot write."""
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - slow to import
        from sqlalchemy.exc import TimeoutError as PoolTimeoutError  # noqa: PLC0415

        connection = self.engine.connect()
        with _reached(self._url):
            try:
                await connection.start()
            except PoolTimeoutError:
                raise self._used_up(_ENGINE_CONNECTIONS) from None
        with _answered(self._url):
            try:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                yield connection
            except DBAPIError as error:
                cause = error.orig.__cause__ if error.orig else None
                if isinstance(cause, (*_LOST, asyncpg.QueryCanceledError)):
                    raise cause from None
                raise
            finally:
                await connection.close()

    def _used_up(self, size: int) -> UnableToConnectInTime:
        seconds = f"{self._wait_seconds:g}"
        return UnableToConnectInTime(
            "pool_used_up",
            Text(
                f"{size} 个数据库连接均在使用，等待 {seconds} 秒仍无空闲",
                f"all {size} connections stayed in use for {seconds} seconds",
            ),
            remedy=Text(
                "请稍后重试，或提高连接池大小", "try again later, or raise the pool's size"
            ),
        )


class _Ending(Database):
    """A database as :meth:`Database.ending_with` shows it; pool and engine are the other's."""

    def __init__(self, whole: Database, last: Callable[[Connection, Any], Awaitable[None]]) -> None:
        url, wait_seconds = whole._url, whole._wait_seconds  # noqa: SLF001 - one class's own
        super().__init__(whole.pool, url=url, wait_seconds=wait_seconds)
        self._whole = whole
        self._last = last

    @cached_property
    def engine(self) -> AsyncEngine:
        return self._whole.engine

    async def transact(
        self,
        work: Callable[[Connection], Awaitable[T]],
        *,
        isolation: Isolation = "read_committed",
        read_only: bool = False,
    ) -> T:
        async def both(connection: Connection) -> T:
            result = await work(connection)
            await self._last(connection, result)
            return result

        wanted = work if read_only else both
        return await self._whole.transact(wanted, isolation=isolation, read_only=read_only)


def engine_of(url: str, **options: Any) -> AsyncEngine:  # noqa: ANN401
    """SQLAlchemy's engine for a URL that asyncpg reads, so that both understand its options."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - slow to import

    async def connect(*_: object, **__: object) -> Connection:
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=_SESSION)

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, **options)


async def _judged(connection: Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_VERSION:
        raise UnableToReachDatabase(
            "server_too_old",
            Text(
                f"数据库服务器版本为 {version.major}，至少须为 {OLDEST_VERSION}",
                f"the server is PostgreSQL {version.major}, and must be {OLDEST_VERSION} or later",
            ),
            remedy=Text(
                "请升级服务器，或不设 YIBAO_DATABASE_URL 而使用内置服务器",
                "upgrade it, or unset YIBAO_DATABASE_URL to use the embedded server",
            ),
        )


@contextmanager
def _reached(url: str) -> Iterator[None]:
    """Tell in our words why there is no connection."""
    place = without_password(url)
    try:
        yield
    except _REFUSED as error:
        raise _unreachable("database_refused", place, error) from None
    except asyncpg.TooManyConnectionsError as error:
        raise _unreachable("server_full", place, error) from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise _unreachable("database_unreachable", place, error) from None
    except ValueError as error:  # an option of the URL that nobody knows
        raise _unreachable("url_invalid", place, error) from None


@contextmanager
def _answered(url: str) -> Iterator[None]:
    """Tell in our words why a connection gave no answer; what the work itself raises stays."""
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        raise UnableToFinishInTime(
            "statement_cancelled",
            Text("数据库取消了一条语句，事务已回滚", "the server cancelled a statement; undone"),
            remedy=Text(f"请稍后重试；原因: {error}", f"try again later; why: {error}"),
        ) from None
    except _RIVALS as error:
        raise UnableToFinishInTime(
            "rivals_in_the_way",
            Text(
                f"同时进行的事务冲突，重试 {ATTEMPTS} 次仍未成功，未写入任何内容",
                f"rival transactions were in the way {ATTEMPTS} times; nothing was written",
            ),
            remedy=Text("请稍后重试", "try again later"),
        ) from error
    except _LOST as error:
        raise _unreachable("connection_lost", without_password(url), error) from None
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):
            raise
        raise _unreachable("connection_lost", without_password(url), error) from None


_REFUSALS = {
    "database_refused": (
        Text("数据库拒绝登录", "the database refuses to let us in"),
        Text("请检查用户、密码与数据库名", "look at the user, password and name of the database"),
    ),
    "server_full": (
        Text("数据库服务器的连接已满", "the server has no connection left"),
        Text("请提高 max_connections 或减少连接", "raise max_connections, or use fewer"),
    ),
    "connection_lost": (
        Text(
            "数据库连接中断，未答复的操作可能已完成也可能没有",
            "the connection was lost; what was not answered may or may not have been done",
        ),
        Text(
            "请以相同的编号与内容重发: 已完成的会返回首次结果",
            "send it again with the same id and content: what was done returns its first result",
        ),
    ),
    "url_invalid": (
        Text("数据库地址无法识别", "the URL of the database cannot be read"),
        Text("请检查 ? 之后的选项", "look at its options behind the ?"),
    ),
    "database_unreachable": (
        Text("无法连接数据库", "the database cannot be reached"),
        Text(
            "内置服务器: yibao db start；自有服务器: 请检查地址与网络",
            "embedded: `yibao db start`; a server of your own: look at the URL and the network",
        ),
    ),
}


def _unreachable(code: str, place: str, error: Exception) -> UnableToReachDatabase:
    what, remedy = _REFUSALS[code]
    why = str(error) or type(error).__name__
    return UnableToReachDatabase(
        code, Text(f"{what.zh}: {place}: {why}", f"{what.en}: {place}: {why}"), remedy=remedy
    )
