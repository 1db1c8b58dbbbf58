"""Every sentence of the manual, on every engine."""

from __future__ import annotations

import pytest

from tests.spec.hosts import HOSTS
from tests.spec.reading import Case, all_case_files
from tests.spec.running import ENGINES

CASES = [case for file in all_case_files() for case in file.cases]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=[case.identity for case in CASES])
def test_sentence(case: Case, engine: str) -> None:
    host = HOSTS[case.setting("runs") or "claims"]
    wrong = host(case, ENGINES[engine])
    assert not wrong, f"{case.file}:{case.line}: {case.title}\n" + "\n".join(wrong)
