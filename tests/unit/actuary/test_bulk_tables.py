"""Columns of results: codes stand for the texts that occur, ids are those of the file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from yibao.offices.actuary.bulk.tables import coded, encounters_of, schema_of
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settled import ResultColumns

MANY = 200


def test_codes_stand_for_the_texts_that_occur_and_no_others():
    codes = np.array([3, 0, 0, 2], np.int32)
    column = coded(["pear", "never", "apple", None], codes, used=[0, 2, 3])
    assert column.to_pylist() == [None, "pear", "pear", "apple"]
    assert column.dictionary.to_pylist() == ["apple", "pear"]


def test_two_codes_of_one_text_are_one_word():
    column = coded(["pear", "pear"], np.array([1, 0], np.int32), used=[0, 1])
    assert column.dictionary.to_pylist() == ["pear"]
    assert column.to_pylist() == ["pear", "pear"]
    assert column.null_count == 0


@pytest.mark.parametrize("rows", [(), (0,), (3, 4), (0, 199), tuple(range(64)), tuple(range(65))])
def test_an_encounter_without_an_id_has_its_claims(rows: tuple[int, ...]):
    claims = pa.array(range(1_000, 1_000 + MANY))
    given = pa.array([row + 7 if row in rows else None for row in range(MANY)], pa.int64())
    found = encounters_of(given, claims, texts=claims.cast(pa.string()))
    assert found.to_pylist() == [
        str(row + 7) if row in rows else str(1_000 + row) for row in range(MANY)
    ]


def test_an_encounter_may_have_the_id_of_its_claim():
    claims = pa.array([11, 12])
    texts = claims.cast(pa.string())
    assert encounters_of(pa.array([11, None]), claims, texts=texts).to_pylist() == ["11", "12"]


def test_only_three_columns_of_results_may_have_gaps():
    law = open_law("370200", with_examples=True)
    schema = schema_of(ResultColumns(law.area, law.catalogue.content_hash).claims)
    gaps = [field.name for field in schema if field.nullable]
    assert gaps == ["catalogue_hash", "open_questions", "findings"]
