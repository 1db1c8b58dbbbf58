"""Passwords are hashed cheaply here: what is tested is who gets in, not how dear guessing is."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from yibao.offices.access import credentials

CHEAP = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_hasher", lambda: CHEAP)
