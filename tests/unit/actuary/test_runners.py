"""Work goes out and comes back in order, whoever does it."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from tests.unit.actuary.bulk_cities import city, places_of
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.runners import UnableToRun, results
from yibao.offices.actuary.settling import ResultPlaces, Way, settle_file


def double(task):
    return 2 * task


def make_doubling():
    return double


def test_results_come_in_the_order_of_their_tasks():
    def slow_first(task):
        time.sleep(0.05 if task == 0 else 0)
        return 2 * task

    assert list(results(lambda: slow_first, range(9))) == [0, 2, 4, 6, 8, 10, 12, 14, 16]


def test_few_tasks_are_under_way_at_a_time():
    begun = []

    def note(task):
        begun.append(task)
        return task

    coming = results(lambda: note, range(100), threads=2)
    assert next(coming) == 0
    time.sleep(0.05)
    assert len(begun) <= 5
    coming.close()


def test_a_fault_stops_the_work():
    begun = []

    def fail(task):
        begun.append(task)
        if task == 3:
            raise ValueError("the fourth")
        return task

    with pytest.raises(ValueError, match="the fourth"):
        list(results(lambda: fail, range(100), threads=1))
    assert len(begun) < 10
    assert threading.active_count() < 20


def test_no_tasks():
    assert list(results(make_doubling, [])) == []


def test_an_unknown_runner_is_told():
    with pytest.raises(UnableToRun) as told:
        results(make_doubling, [1], runner="spark")
    assert "local, ray, dask" in told.value.remedy.en


@pytest.mark.parametrize(("runner", "module"), [("ray", "ray"), ("dask", "distributed")])
def test_a_runner_that_is_not_installed_says_what_to_install(runner, module, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UnableToRun) as told:
        list(results(make_doubling, [1], runner=runner))
    assert f"yibao[{runner}]" in told.value.remedy.en
    assert f"yibao[{runner}]" in told.value.remedy.zh


@pytest.mark.long
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("runner", "module"), [("ray", "ray"), ("dask", "distributed")])
def test_whichever_runner_settles_the_bytes_are_the_same(runner, module, tmp_path):
    pytest.importorskip(module)
    law = open_law("370200", with_examples=True)
    path = city(tmp_path / "city", law, members=300, year=2024, partitions=3)
    settle = partial(settle_file, law, places_of(path))
    summaries = [
        settle(results=ResultPlaces(tmp_path / f"{name}.parquet"), engine=Way("kernel", name))
        for name in ("local", runner)
    ]
    assert summaries[0].by_fund == summaries[1].by_fund
    local, other = (tmp_path / f"{name}.parquet" for name in ("local", runner))
    assert local.read_bytes() == other.read_bytes()
