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
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar

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
ACQUIRE_SECONDS = 15
_RIVALS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionError,
)


class Database:
    """One database, reached as one role: ``async with await Database.open(url) as database``."""

    def __init__(self, pool: asyncpg.Pool, *, url: str) -> None:
        self.pool = pool
        self._url = url

    @classmethod
    async def open(cls, url: str, *, size: int = 8) -> Self:
        """Connect, with at most ``size`` connections in the pool.

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
                server_settings={"application_name": "yibao", "timezone": "UTC"},
            )
        return cls(pool, url=url)

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
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - slow to import

        return create_async_engine(
            engine_url(self._url), pool_size=2, max_overflow=2, pool_timeout=ACQUIRE_SECONDS
        )

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
            retry=tenacity.retry_if_exception_type(_RIVALS),
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

        with _reached(self._url):
            return await attempts(once)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool, outside any transaction.

        Raises:
            UnableToConnectInTime: every connection is in use.
        """
        with _reached(self._url):
            try:
                connection = await self.pool.acquire(timeout=ACQUIRE_SECONDS)
            except TimeoutError:
                raise _pool_used_up(self.pool.get_max_size()) from None
        try:
            yield connection
        finally:
            await self.pool.release(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see one moment, and cannot write."""
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - slow to import
        from sqlalchemy.exc import TimeoutError as PoolTimeoutError  # noqa: PLC0415

        with _reached(self._url):
            try:
                async with self.engine.connect() as connection:
                    await connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                    yield connection
            except PoolTimeoutError:
                raise _pool_used_up(4) from None
            except DBAPIError as error:
                if isinstance(error.orig, Exception) and error.orig.__cause__ is not None:
                    raise error.orig.__cause__ from error
                raise


def engine_url(url: str) -> str:
    """The same URL as SQLAlchemy reads it."""
    return "postgresql+asyncpg" + url[url.index(":") :]


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
    """Tell a connection's troubles in our words."""
    place = without_password(url)
    try:
        yield
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as bad:
        raise _unreachable("database_refused", place, bad) from None
    except asyncpg.TooManyConnectionsError as full:
        raise _unreachable("server_full", place, full) from None
    except asyncpg.QueryCanceledError as cancelled:
        raise UnableToFinishInTime(
            "statement_cancelled",
            Text("数据库取消了一条语句，事务已回滚", "the server cancelled a statement; undone"),
            remedy=Text(f"请稍后重试；原因: {cancelled}", f"try again later; why: {cancelled}"),
        ) from None
    except _RIVALS as rival:
        raise UnableToFinishInTime(
            "rivals_in_the_way",
            Text(
                f"同时进行的事务冲突，重试 {ATTEMPTS} 次仍未成功，未写入任何内容",
                f"rival transactions were in the way {ATTEMPTS} times; nothing was written",
            ),
            remedy=Text("请稍后重试", "try again later"),
        ) from rival
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):
            raise
        raise _unreachable("connection_lost", place, error) from None
    except _LOST as error:
        lost = not isinstance(error, ConnectionRefusedError | asyncpg.CannotConnectNowError)
        code = "connection_lost" if lost else "database_unreachable"
        raise _unreachable(code, place, error) from None
    except (TimeoutError, OSError) as error:
        raise _unreachable("database_unreachable", place, error) from None


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
        Text("数据库连接中断，未答复的操作可能已完成也可能没有", "the connection was lost; what was not answered may or may not have been done"),  # noqa: E501
        Text("请以相同的编号与内容重发: 已完成的会返回首次结果", "send it again with the same id and content: what was done returns its first result"),  # noqa: E501
    ),
    "database_unreachable": (
        Text("无法连接数据库", "the database cannot be reached"),
        Text("内置服务器: yibao db start；自有服务器: 请检查地址与网络", "embedded: `yibao db start`; a server of your own: look at the URL and the network"),  # noqa: E501
    ),
}  # fmt: skip


def _unreachable(code: str, place: str, error: Exception) -> UnableToReachDatabase:
    what, remedy = _REFUSALS[code]
    why = str(error) or type(error).__name__
    return UnableToReachDatabase(
        code, Text(f"{what.zh}: {place}: {why}", f"{what.en}: {place}: {why}"), remedy=remedy
    )


def _pool_used_up(size: int) -> UnableToConnectInTime:
    return UnableToConnectInTime(
        "pool_used_up",
        Text(
            f"{size} 个数据库连接均在使用，等待 {ACQUIRE_SECONDS} 秒仍无空闲",
            f"all {size} connections stayed in use for {ACQUIRE_SECONDS} seconds",
        ),
        remedy=Text("请稍后重试，或提高连接池大小", "try again later, or raise the pool's size"),
    )
