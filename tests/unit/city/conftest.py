"""A small city, made once: every test looks at the same folder and changes nothing in it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.city.making import make_city
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.city.writing import Order
from yibao.offices.actuary.laws import open_law

MEMBERS, SEED, YEAR = 3_000, 20_240, 2024


@pytest.fixture(scope="session")
def qingdao() -> Law:
    return open_law("370200", with_examples=True)


@pytest.fixture(scope="session")
def contract(qingdao: Law) -> Contract:
    return Contract.of(qingdao.area)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Path:
    out = tmp_path_factory.mktemp("city") / "city"
    make_city(Order(MEMBERS, SEED, YEAR), out, contract=contract)
    return out


@pytest.fixture(scope="session")
def claims(city: Path) -> pl.DataFrame:
    return pl.read_parquet(city / "part-0000" / "claims.parquet")
