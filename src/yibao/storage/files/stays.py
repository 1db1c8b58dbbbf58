"""Files of stays for grouping by cost (分组病例文件): typed columns, and rejects with a reason.

The columns are those of `yibao group`, and amounts: fen as whole numbers, or yuan as text. Lists of
codes are joined by ``|``; the first diagnosis is the principal one, the first procedure the main
one, and procedures' amounts stand in the order of the procedures. Every row is either read or
rejected, with the first reason that applies; nothing is corrected.

Refuses: a column of binary fractions where an amount belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.engines.grouping.dip.codes import diagnosis_of
from yibao.storage.files.tables import column_faults
from yibao.storage.files.yaml_faults import unreadable

INDEX, DIAGNOSES, PROCEDURES = "Index", "zdList", "ssList"
AMOUNTS = {
    "total_amount": "total_yuan",
    "fund_amount": "fund_yuan",
    "procedure_amounts": "procedure_yuan",
}
"""Columns of fen, and the column that may stand for each in yuan."""
NUMBERS = {
    "year": "year",
    "age": "age",
    "ageDay": "age_days",
    "inHospitalTime": "stay_days",
    "leavingType": "leaving_type",
}
TEXTS = ("institution", "institution_level")
REASONS: dict[str, Text] = {
    "index_missing": Text("缺少病例号", "there is no Index"),
    "index_twice": Text("病例号重复", "the Index stands twice"),
    "year_invalid": Text("年度缺失或不是四位年份", "no year of four digits"),
    "diagnosis_missing": Text("缺少主要诊断", "there is no principal diagnosis"),
    "diagnosis_invalid": Text("主要诊断不是 ICD-10 编码", "the principal diagnosis is no code"),
    "amount_invalid": Text("总费用不是正数金额", "the cost is no amount above zero"),
    "fund_amount_invalid": Text("基金支付不是金额", "what the fund paid is no amount"),
    "procedure_amounts_differ": Text(
        "操作费用与操作的个数不同", "not as many amounts as procedures"
    ),
    "procedure_amount_invalid": Text("操作费用不是金额", "a procedure's cost is no amount"),
    "number_invalid": Text(
        "年龄、天数或离院方式不是整数", "age, days or leaving is no whole number"
    ),
}
"""Why a row is rejected, in order of precedence."""
REMEDY = Text("请核对该病例后更正", "look the stay up and correct it")
_SUFFIXES = (".csv", ".parquet")
_FEN = r"^([0-9]{1,12})$"
_YUAN = r"^([0-9]{1,10})(?:\.[0-9]{1,2})?$"
_DECIMALS = r"^[0-9]{1,10}\.([0-9]{1,2})$"


@dataclass(frozen=True, slots=True)
class ReadStays:
    """Stays as a frame, rejected rows as another (`file,row,Index,code`); both count all rows."""

    stays: pl.DataFrame
    rejects: pl.DataFrame


def read_stays(paths: Sequence[Path], *, needs_year: bool = False) -> ReadStays:
    """The stays of files, one after another.

    The frame has ``row`` (0 on), ``index``, ``year``, ``institution``, ``institution_level``,
    ``diagnosis`` (normalised), ``secondary`` and ``procedures`` (lists of text as written),
    ``procedure_amounts`` (list of fen, null: unknown), ``total_amount``, ``fund_amount``, ``age``,
    ``age_days``, ``stay_days``, ``leaving_type``; what a file lacks is null.

    Raises:
        FaultsFound: a file cannot be read, or lacks a column.
    """
    faults: list[Fault] = []
    frames = []
    for path in paths:
        try:
            frames.append(_texts(path, needs_year=needs_year))
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults)
    texts = pl.concat(frames, how="vertical").rechunk()
    judged = _judged(texts, needs_year=needs_year)
    rejects = judged.filter(pl.col("code") != "").select("file", "line", "index", "code")
    stays = judged.filter(pl.col("code") == "").drop("file", "line", "code")
    return ReadStays(stays.with_row_index("row"), rejects)


def read_texts(path: Path) -> pl.DataFrame:
    """All columns of a CSV or Parquet file as text, empty cells null, names stripped.

    Raises:
        FaultsFound: it cannot be read, or an amount is kept in binary fractions.
    """
    frame = _frame(path)
    names = [column.strip() for column in frame.columns]
    faults = column_faults(str(path), names, required=())
    faults += _binary(path, frame)
    if faults:
        raise FaultsFound(faults)
    frame.columns = names
    return frame.select(pl.all().cast(pl.String).str.strip_chars().replace("", None))


def amounts_in_fen(fen: pl.Expr, yuan: pl.Expr) -> pl.Expr:
    """Amounts from texts of fen, else of yuan; null where neither is an amount."""
    return pl.coalesce(_of_fen(fen), _of_yuan(yuan))


def _binary(path: Path, frame: pl.DataFrame) -> list[Fault]:
    amounts = {*AMOUNTS, *AMOUNTS.values()}
    return [
        _binary_fractions(str(path), name)
        for name, kind in frame.schema.items()
        if name.strip() in amounts and kind.is_float()
    ]


def _texts(path: Path, *, needs_year: bool) -> pl.DataFrame:
    """A file's columns as text, those that it lacks null, with file and line."""
    name = str(path)
    frame = read_texts(path)
    required = [INDEX, DIAGNOSES, *(["year"] if needs_year else [])]
    faults = column_faults(name, frame.columns, required=required)
    if not {"total_amount", "total_yuan"} & set(frame.columns):
        faults += column_faults(name, frame.columns, required=["total_amount"])
    if faults:
        raise FaultsFound(faults)
    asked = (INDEX, DIAGNOSES, PROCEDURES, *NUMBERS, *TEXTS, *AMOUNTS, *AMOUNTS.values())
    return frame.select(
        pl.lit(name).alias("file"),
        pl.int_range(2, pl.len() + 2).alias("line"),
        *(
            pl.col(column) if column in frame.columns else pl.lit(None, pl.String).alias(column)
            for column in asked
        ),
    )


def _judged(texts: pl.DataFrame, *, needs_year: bool) -> pl.DataFrame:
    diagnoses = pl.col(DIAGNOSES).str.split("|").list.eval(pl.element().str.strip_chars())
    procedures = (
        pl.col(PROCEDURES).str.split("|").list.eval(pl.element().str.strip_chars())
    ).fill_null([])
    frame = texts.with_columns(
        diagnoses.alias("_diagnoses"),
        procedures.alias("procedures"),
        *(
            pl.col(column).cast(pl.Int64, strict=False).alias(f"_{name}")
            for column, name in NUMBERS.items()
        ),
        _fen("total_amount").alias("_total"),
        _fen("fund_amount").alias("_fund"),
        *_procedure_amounts(),
    ).with_columns(pl.col("_diagnoses").list.first().alias("_principal"))
    frame = _with_principal(frame)
    return frame.with_columns(_code(needs_year=needs_year).alias("code")).select(
        "file", "line", "code",
        pl.col(INDEX).alias("index"),
        *(pl.col(f"_{name}").alias(name) for name in NUMBERS.values()),
        *TEXTS,
        "diagnosis",
        pl.col("_diagnoses").list.slice(1).alias("secondary"),
        "procedures",
        pl.when(pl.col("_given") == 0).then(pl.lit([], pl.List(pl.Int64)))
        .otherwise(pl.col("_amounts")).alias("procedure_amounts"),
        pl.col("_total").alias("total_amount"),
        pl.col("_fund").alias("fund_amount"),
    )  # fmt: skip


def _code(*, needs_year: bool) -> pl.Expr:
    """The first reason to reject a row, empty where there is none."""
    given = pl.col("_given") > 0
    bad_number = pl.lit(value=False)
    for column, name in NUMBERS.items():
        if column != "year":
            is_bad = pl.col(column).is_not_null() & (pl.col(f"_{name}").fill_null(-1) < 0)
            bad_number |= is_bad
    is_year = pl.col("_year").is_between(1900, 2200).fill_null(value=False)
    no_year = pl.lit(needs_year) | pl.col("year").is_not_null()
    tests = {
        "index_missing": pl.col(INDEX).is_null(),
        "index_twice": pl.col(INDEX).is_duplicated() & pl.col(INDEX).is_not_null(),
        "year_invalid": no_year & ~is_year,
        "diagnosis_missing": pl.col("_principal").is_null() | (pl.col("_principal") == ""),
        "diagnosis_invalid": pl.col("diagnosis").is_null(),
        "amount_invalid": pl.col("_total").is_null() | (pl.col("_total") == 0),
        "fund_amount_invalid": pl.col("_fund").is_null()
        & (pl.col("fund_amount").is_not_null() | pl.col("fund_yuan").is_not_null()),
        "procedure_amounts_differ": given & (pl.col("_given") != pl.col("procedures").list.len()),
        "procedure_amount_invalid": given & pl.col("_bad_amounts").fill_null(value=False),
        "number_invalid": bad_number,
    }
    code = pl.lit("")
    for name in reversed(REASONS):
        code = pl.when(tests[name]).then(pl.lit(name)).otherwise(code)
    return code


def _with_principal(frame: pl.DataFrame) -> pl.DataFrame:
    """The principal diagnosis in one way of writing, null where it is no code."""
    distinct = frame["_principal"].drop_nulls().unique()
    known = pl.DataFrame(
        {"_principal": distinct, "diagnosis": [diagnosis_of(code) for code in distinct]},
        schema={"_principal": pl.String, "diagnosis": pl.String},
    )
    return frame.join(known, on="_principal", how="left", maintain_order="left")


def _fen(column: str) -> pl.Expr:
    """An amount in fen from its column or the column of yuan; null where neither is one."""
    return amounts_in_fen(pl.col(column), pl.col(AMOUNTS[column]))


def _of_fen(text: pl.Expr) -> pl.Expr:
    return text.str.extract(_FEN, 1).cast(pl.Int64)


def _of_yuan(text: pl.Expr) -> pl.Expr:
    decimals = text.str.extract(_DECIMALS, 1).fill_null("").str.pad_end(2, "0")
    return text.str.extract(_YUAN, 1).cast(pl.Int64) * 100 + decimals.cast(pl.Int64)


def _procedure_amounts() -> list[pl.Expr]:
    """The amounts of procedures, how many are given, and whether one of them is none."""
    fen, yuan = pl.col("procedure_amounts"), pl.col("procedure_yuan")
    texts = pl.coalesce(fen, yuan).str.split("|")
    element = pl.element().str.strip_chars()
    of_fen = texts.list.eval(_of_fen(element))
    of_yuan = texts.list.eval(_of_yuan(element))
    given = texts.list.len().fill_null(0)
    is_empty = texts.list.eval(element == "").list.sum()
    found = pl.when(fen.is_not_null()).then(of_fen).otherwise(of_yuan)
    missing = found.list.eval(pl.element().is_null()).list.sum()
    return [
        found.alias("_amounts"),
        given.alias("_given"),
        (missing > is_empty).alias("_bad_amounts"),
    ]


def _frame(path: Path) -> pl.DataFrame:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise FaultsFound([_unknown_suffix(str(path))])
    try:
        with path.open("rb") as file:
            if suffix == ".parquet":
                return pl.read_parquet(file)
            return pl.read_csv(file.read(), infer_schema=False)
    except OSError as error:
        raise FaultsFound([unreadable(Where(str(path)), system_reason(error))]) from None
    except pl.exceptions.PolarsError as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise FaultsFound([_not_a_table(str(path), why)]) from None


def _unknown_suffix(name: str) -> Fault:
    shown = ", ".join(_SUFFIXES)
    return Fault(
        "suffix_unknown",
        Where(name),
        Text("不支持的文件类型", "no such kind of file is read"),
        Text(f"请提供 {shown} 文件", f"bring one of {shown}"),
    )


def _not_a_table(name: str, why: str) -> Fault:
    return Fault(
        "table_unreadable",
        Where(name),
        Text(f"表格无法读取: {why}", f"the table cannot be read: {why}"),
        Text("请确认文件完整、为 UTF-8 编码", "see that the file is whole, and UTF-8"),
    )


def _binary_fractions(name: str, column: str) -> Fault:
    return Fault(
        "column_type",
        Where(name),
        Text(f"列 {column} 为浮点数，金额会失真", f"the column {column} holds binary fractions"),
        Text("请改存为文本或整数分", "store it as text, or as whole fen"),
    )
