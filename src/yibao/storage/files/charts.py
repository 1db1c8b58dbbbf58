"""Charts of accounts as files: ``<root>/<area code>/accounts/*.yaml``, and those of the base.

Reads the area's folder and the one its chart takes from; what they mean is compiled by
:mod:`yibao.engines.accounting.charts`. Time zones are known here because the system has them.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

from yibao.base.trees import Tree
from yibao.engines.accounting.charts import CompiledChart, base_of, compile_chart
from yibao.storage.files.policies import ACCOUNTS, read_trees


def read_chart(root: Path, code: str) -> CompiledChart:
    """The chart of accounts (会计科目表) of an area below a folder of policies.

    Raises:
        FaultsFound: with every fault of the area's files and its base's.
    """
    books = {code: _trees(root, code)}
    base = base_of(code, books[code])
    if base is not None:
        books[base] = _trees(root, base)
    return compile_chart(code, books, time_zones=available_timezones())


def _trees(root: Path, code: str) -> list[Tree]:
    folder = root / code / ACCOUNTS
    return read_trees(sorted(folder.glob("*.yaml")), root=root)
