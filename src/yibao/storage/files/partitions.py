"""A folder of claims in partitions: a manifest that names every part, and parts that agree with it.

``DIR/manifest.json`` lists the parts; each part is a folder that `yibao settle` can read by itself
(docs/claims-format.md). A part has whole families, so it can be settled without the others.

Holds, and is checked: every part that is named is there with its rows and content hash; no part is
there that is not named; no member has claims in two parts. Refuses to hand out parts that are not
so: a city settled without one of its parts would look whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
from pyarrow import parquet

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.storage.files.claim_files import ClaimsPlace, find_claims

MANIFEST = "manifest.json"
FORMAT = "yibao-claims-1"
_SHOWN = 5


class TableFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: its path from the folder, rows, and SHA-256 of its bytes."""

    path: str
    rows: int
    sha256: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One partition: its claims, and its lines where there are any."""

    claims: TableFile
    lines: TableFile | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the folder holds; ``made`` says how, for whoever would make it again."""

    format: str
    partitioned_by: str
    parts: tuple[Part, ...]
    tables: tuple[TableFile, ...] = ()
    made: dict[str, int | str | bool] = {}

    @property
    def claims_count(self) -> int:
        """All claims."""
        return sum(part.claims.rows for part in self.parts)


def is_partitioned(folder: Path) -> bool:
    """Whether the folder has a manifest."""
    return (folder / MANIFEST).is_file()


def part_name(number: int) -> str:
    """The folder of a part."""
    return f"part-{number:04d}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises:
        FaultsFound: if there is none, or it cannot be read.
    """
    place = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(place.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise FaultsFound([_unreadable(place, str(error))]) from None
    if manifest.format != FORMAT:
        raise FaultsFound([_unreadable(place, f"format {manifest.format}, not {FORMAT}")])
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, always the same bytes for the same content."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / MANIFEST).write_bytes(text + b"\n")


def claims_in(folder: Path, *, with_hashes: bool = False) -> list[ClaimsPlace]:
    """The parts of a folder in order, after looking that they are there and agree.

    ``with_hashes`` also reads every byte. Members of two parts are looked for by
    :func:`check_members`, which reads a column of every claim.

    Raises:
        FaultsFound: with every part that is missing, not named, or other than the manifest says.
    """
    manifest = read_manifest(folder)
    faults = [*_unnamed(folder, manifest)]
    for part in manifest.parts:
        for file in (part.claims, part.lines):
            if file is not None:
                faults += _file_faults(folder, file, with_hash=with_hashes)
    if faults:
        raise FaultsFound(faults)
    return [
        ClaimsPlace(folder / part.claims.path, folder / part.lines.path if part.lines else None)
        for part in manifest.parts
    ]


def find_places(
    place: Path, lines: Path | None = None, *, with_members: bool = True
) -> list[ClaimsPlace]:
    """What a person names as claims: a file, a folder with tables, or a folder of partitions.

    ``with_members=False`` is for who looks for members of two parts by itself.

    Raises:
        FaultsFound: as :func:`find_claims`, :func:`claims_in` and :func:`check_members`.
    """
    if not (place.is_dir() and is_partitioned(place)):
        return [find_claims(place, lines)]
    places = claims_in(place)
    if with_members:
        check_members(places)
    return places


def check_members(places: Sequence[ClaimsPlace]) -> None:
    """Refuse claims of one member in two parts; memory is one id a member.

    Raises:
        FaultsFound: with some of the members and the parts that both have them.
    """
    seen = [_members_or_fault(place.claims) for place in places]
    if sum(len(part) for part in seen) == len(pa.chunked_array(seen).unique()):
        return
    faults = []
    for number, part in enumerate(seen):
        for other in range(number):
            both = set(part.to_pylist()) & set(seen[other].to_pylist())
            faults += [
                _split_member(places[number].claims, places[other].claims, str(member))
                for member in sorted(both, key=str)[:_SHOWN]
            ]
    raise FaultsFound(faults)


def sha256_of(path: Path) -> str:
    """The content hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table_file(folder: Path, path: Path) -> TableFile:
    """A Parquet file as the manifest names it."""
    rows = parquet.read_metadata(path).num_rows
    return TableFile(path.relative_to(folder).as_posix(), rows, sha256_of(path))


def _members_or_fault(path: Path) -> pa.Array:
    try:
        return _members(path)
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([_unreadable(path, str(error))]) from None


def _members(path: Path) -> pa.Array:
    with parquet.ParquetFile(path) as file:
        found = [
            batch.column(0).cast(pa.string()) if pa.types.is_dictionary(batch.column(0).type)
            else batch.column(0)
            for batch in file.iter_batches(batch_size=1 << 17, columns=["member_id"])
        ]  # fmt: skip
    uniques = [column.unique() for column in found]
    whole = pa.chunked_array(uniques) if uniques else pa.chunked_array([[]], pa.int64())
    return whole.unique()


def _unnamed(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    named = {Path(part.claims.path).parts[0] for part in manifest.parts}
    for found in sorted(folder.glob("part-*")):
        if found.name not in named:
            yield Fault(
                "partition_unlisted",
                Where(str(found)),
                Text("清单中没有这个分区", "the manifest does not name this partition"),
                Text("请移走它，或重新生成整个目录", "move it away, or make the folder again"),
            )


def _file_faults(folder: Path, file: TableFile, *, with_hash: bool) -> Iterator[Fault]:
    path = folder / file.path
    if not path.is_file():
        yield Fault(
            "partition_missing",
            Where(str(path)),
            Text("清单中的分区文件不存在", "a file that the manifest names is not there"),
            Text("请补回该文件，或重新生成整个目录", "bring it back, or make the folder again"),
        )
        return
    try:
        rows = parquet.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        yield _unreadable(path, str(error))
        return
    if rows != file.rows:
        yield _differs(path, f"行数 {rows}，清单为 {file.rows}", f"{rows} rows, not {file.rows}")
    elif with_hash and sha256_of(path) != file.sha256:
        yield _differs(path, "内容与清单的散列值不符", "its content has another hash")


def _differs(path: Path, zh: str, en: str) -> Fault:
    return Fault(
        "partition_differs",
        Where(str(path)),
        Text(f"分区与清单不符: {zh}", f"the partition is not what the manifest says: {en}"),
        Text("请补回原文件，或重新生成整个目录", "bring it back, or make the folder again"),
    )


def _split_member(path: Path, other: Path, member: str) -> Fault:
    return Fault(
        "member_in_two_partitions",
        Where(str(path)),
        Text(
            f"参保人 {member} 在两个分区中都有结算单",
            f"member {member} has claims in two partitions",
        ),
        Text("同一参保人的结算单须在同一分区", "keep all claims of a member in one partition"),
        (Where(str(other)),),
    )


def _unreadable(place: Path, why: str) -> Fault:
    return Fault(
        "manifest_unreadable" if place.name == MANIFEST else "file_unreadable",
        Where(str(place)),
        Text(f"无法读取: {why}", f"it cannot be read: {why}"),
        Text("请检查文件，或重新生成整个目录", "check the file, or make the folder again"),
    )
