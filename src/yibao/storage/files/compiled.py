"""Compiled code that is kept (编译缓存): generated modules in a folder of the user's own.

A module's name is a digest of its source, so a file is written once and never changes; Numba keeps
the machine code beside it. The first run compiles, which takes seconds, and says so; later ones
load it in milliseconds. A folder that cannot be written is replaced by one for this process alone.

Refuses: to run a kept file that differs from the source that was asked for; it is written anew.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from yibao.base.texts import Text

FOLDER_VARIABLE = "YIBAO_CACHE"
"""The environment variable that names the cache folder."""

Tell = Callable[[Text], None]

COMPILING = Text(
    "首次运行，正在编译结算程序（之后直接使用缓存）…",
    "first run: compiling the law to machine code (kept for later runs) …",
)
COMPILING_GROUPER = Text(
    "首次运行，正在编译分组程序，约数秒（之后直接使用缓存）…",
    "first run: compiling the grouper to machine code, some seconds (kept for later runs) …",
)
NOT_KEPT = Text(
    "缓存目录不可写，编译结果只供本次运行使用",
    "the cache folder cannot be written: compiled code serves this run alone",
)


class CompiledCode:
    """Loads generated modules, from what was kept where it can.

    ``tell`` is called once before the first compilation, and once when nothing can be kept.
    """

    def __init__(self, folder: Path | None = None, *, tell: Tell | None = None) -> None:
        self._folder = folder or default_folder()
        self._tell = tell or _nothing
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._has_told = False

    def __call__(self, name: str, source: str) -> ModuleType:
        """The module of a name, which stands for its source."""
        known = sys.modules.get(name)
        if known is not None:
            return known
        path = self._written(name, source)
        if not self._has_told and not any(path.parent.glob(f"__pycache__/{name}.*.nbi")):
            self._has_told = True
            self._tell(COMPILING)
        return _imported(name, path)

    def _written(self, name: str, source: str) -> Path:
        try:
            return _write(self._folder / f"{name}.py", source)
        except OSError:
            self._temporary = tempfile.TemporaryDirectory(prefix="yibao-")
            self._folder = Path(self._temporary.name)
            self._tell(NOT_KEPT)
            return _write(self._folder / f"{name}.py", source)


@contextmanager
def compilation_told(told: Text, *, tell: Tell) -> Iterator[None]:
    """Tell once when Numba compiles within the block; nothing where it loads what it has kept."""
    from numba.core import event  # noqa: PLC0415 - heavy, and only here

    class Teller(event.Listener):
        has_told = False

        def on_start(self, _event: event.Event) -> None:
            if not self.has_told:
                self.has_told = True
                tell(told)

        def on_end(self, _event: event.Event) -> None:
            return None

    with event.install_listener("numba:compile", Teller()):
        yield


def default_folder() -> Path:
    """The cache folder: ``YIBAO_CACHE``, else the user's own cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    base = Path(home) if home else Path.home() / ".cache"
    return base / "yibao" / "compiled"


def _write(path: Path, source: str) -> Path:
    """Write a file whole, unless it stands there already."""
    if path.is_file() and path.read_text(encoding="utf-8") == source:
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as file:
        file.write(source)
    Path(file.name).replace(path)
    return path


def _imported(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _nothing(_text: Text) -> None:
    return None
