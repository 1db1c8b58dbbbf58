"""Where shares of work are done (运行器): here in threads, or by Ray or Dask on many machines.

One adapter for all: :func:`results` runs a worker over tasks and gives the results in the order of
the tasks, with a bounded number of them under way, so that memory does not grow with the work. A
worker is made once a process, from something that can be sent there.

Holds: the results, and their order, do not depend on the runner. Refuses: a runner that is not
installed, saying what to install.
"""

from __future__ import annotations

import hashlib
import importlib
import pickle
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, TypeVar

from yibao.base.errors import YibaoError
from yibao.base.texts import Text

RunnerName = Literal["local", "ray", "dask"]
RUNNERS: tuple[RunnerName, ...] = ("local", "ray", "dask")
LOCAL_THREADS = 2
_AHEAD = 2
"""How many tasks wait beside those that are worked on."""

Task = TypeVar("Task")
Result = TypeVar("Result")
Worker = Callable[[Task], Result]
MakeWorker = Callable[[], Callable[[Any], Any]]


class UnableToRun(YibaoError):
    """A runner cannot be used here."""


def results(
    make_worker: MakeWorker, tasks: Sequence[Any], *, runner: str = "local", threads: int = 0
) -> Generator[Any]:
    """The results of all tasks, in their order.

    ``make_worker`` makes what does a task; for Ray and Dask it must be something that can be
    pickled. A fault in a task is raised here, and nothing further is begun.

    Raises:
        UnableToRun: if there is no such runner, or it is not installed.
    """
    match runner:
        case "local":
            return _local(make_worker(), tasks, threads or LOCAL_THREADS)
        case "ray":
            return _ray(make_worker, tasks)
        case "dask":
            return _dask(make_worker, tasks)
        case _:
            known = ", ".join(RUNNERS)
            raise UnableToRun(
                Text(f"没有名为 {runner} 的运行器", f"there is no runner {runner}"),
                Text(f"可用的运行器: {known}", f"there are: {known}"),
            )


def _local(work: Worker[Task, Result], tasks: Sequence[Task], threads: int) -> Generator[Result]:
    pool = ThreadPoolExecutor(threads)
    try:
        yield from _in_order(
            tasks, lambda task: pool.submit(work, task), lambda one: one.result(),
            ahead=threads + _AHEAD,
        )  # fmt: skip
    finally:
        pool.shutdown(cancel_futures=True)


def _ray(make_worker: MakeWorker, tasks: Sequence[Any]) -> Generator[Any]:
    ray = _imported("ray")
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    sent = ray.put(_Sent.of(make_worker))
    remote = ray.remote(_work)
    try:
        yield from _in_order(
            tasks, lambda task: remote.remote(sent, task), ray.get,
            ahead=int(ray.cluster_resources().get("CPU", 1)) + _AHEAD,
        )  # fmt: skip
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None


def _dask(make_worker: MakeWorker, tasks: Sequence[Any]) -> Generator[Any]:
    distributed = _imported("distributed", package="dask")
    try:
        client, is_ours = distributed.get_client(), False
    except ValueError:
        client, is_ours = distributed.Client(processes=True, dashboard_address=":0"), True
    try:
        ahead = sum(client.nthreads().values()) + _AHEAD
        sent = client.scatter(_Sent.of(make_worker), broadcast=True)
        yield from _in_order(
            tasks, lambda task: client.submit(_work, sent, task, pure=False),
            lambda one: one.result(), ahead=ahead,
        )  # fmt: skip
    finally:
        if is_ours:
            client.close()


@dataclass(frozen=True, slots=True)
class _Sent:
    """What makes a worker, as it is sent to other processes; each makes one from it, once."""

    digest: str
    pickled: bytes

    @classmethod
    def of(cls, make_worker: MakeWorker) -> _Sent:
        pickled = pickle.dumps(make_worker)
        return cls(hashlib.sha256(pickled).hexdigest(), pickled)


def _in_order(
    tasks: Sequence[Any],
    begin: Callable[[Any], Any],
    finish: Callable[[Any], Any],
    *,
    ahead: int,
) -> Generator[Any]:
    waiting: deque[Any] = deque()
    for task in tasks:
        waiting.append(begin(task))
        if len(waiting) >= ahead:
            yield finish(waiting.popleft())
    while waiting:
        yield finish(waiting.popleft())


_MADE: dict[str, Callable[[Any], Any]] = {}
_MAKING = Lock()


def _work(sent: _Sent, task: object) -> object:
    """One task in a process of the runner's."""
    with _MAKING:
        if sent.digest not in _MADE:
            _MADE.clear()
            _MADE[sent.digest] = pickle.loads(sent.pickled)()  # noqa: S301 - pickled by ourselves
        worker = _MADE[sent.digest]
    return worker(task)


def _imported(module: str, *, package: str = "") -> Any:  # noqa: ANN401 - has no types
    name = package or module
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UnableToRun(
            Text(f"没有安装 {name}", f"{name} is not installed"),
            Text(
                f"请安装: pip install 'yibao[{name}]'，或使用 --runner local",
                f"install it: pip install 'yibao[{name}]', or use --runner local",
            ),
        ) from None
