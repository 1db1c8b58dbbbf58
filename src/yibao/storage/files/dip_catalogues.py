"""Catalogues of DIP groups as folders: ``catalogue.csv`` and ``catalogue.json``.

The table has a row for each group; the JSON has what was made from what, the number of decimals,
and the table's hash. A table whose bytes are not those of the hash was changed by hand; it is
refused, so that two people with one catalogue group alike.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_args

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.money import format_yuan, parse_yuan
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.engines.grouping.dip import complaints
from yibao.engines.grouping.dip.catalogue import Catalogue, Group, KeyInvalid, Kind, parse_key
from yibao.engines.grouping.dip.parameters import Treatment
from yibao.engines.grouping.weights.decimals import decimal_text, parse_decimal
from yibao.storage.files.tables import TableRow, read_table
from yibao.storage.files.yaml_faults import unreadable

TABLE, MANIFEST = "catalogue.csv", "catalogue.json"
FORMAT = "yibao-dip-catalogue/1"
COLUMNS = (
    *("dip", "kind", "treatment", "cases_count", "mean_yuan"),
    *("relative_weight", "points", "variation", "name"),
)
_VARIATION_PLACES = 6


def table_content(catalogue: Catalogue) -> bytes:
    """The table of a catalogue as the bytes of a CSV file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for group in catalogue.groups:
        writer.writerow(
            (
                *(group.code, group.key.kind, group.key.treatment, group.cases_count),
                format_yuan(group.mean_amount),
                decimal_text(group.weight_units, catalogue.weight_places),
                decimal_text(group.point_units, catalogue.point_places),
                decimal_text(group.variation, _VARIATION_PLACES),
                group.name,
            )
        )
    return out.getvalue().encode()


def manifest_content(catalogue: Catalogue, table: bytes, *, about: Mapping[str, Any]) -> bytes:
    """The manifest of a catalogue; ``about`` is what else it says of how it was made."""
    said = {
        "format": FORMAT,
        "groups": len(catalogue.groups),
        "years": list(catalogue.years),
        "weight_places": catalogue.weight_places,
        "point_places": catalogue.point_places,
        "parameters_digest": catalogue.parameters_digest,
        "table_sha256": hashlib.sha256(table).hexdigest(),
        **about,
    }
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()


def read_catalogue(folder: Path) -> tuple[Catalogue, Mapping[str, Any]]:
    """A catalogue and what its manifest says.

    Raises:
        FaultsFound: the folder has none, it was changed by hand, or its rows make none.
    """
    place = folder / MANIFEST
    manifest = _manifest(place)
    table = folder / TABLE
    try:
        content = table.read_bytes()
    except OSError as error:
        raise FaultsFound([unreadable(Where(str(table)), system_reason(error))]) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != manifest["table_sha256"]:
        why = Text("catalogue.csv 与清单不符", "catalogue.csv is not what its manifest says")
        raise FaultsFound([complaints.catalogue_invalid(Where(str(table)), why)])
    _, rows = read_table(table, required=COLUMNS)
    places = (int(manifest["weight_places"]), int(manifest["point_places"]))
    groups = _groups(rows, places)
    years, parameters = tuple(manifest["years"]), str(manifest["parameters_digest"])
    return Catalogue(groups, *places, years, parameters, digest), manifest


def _manifest(place: Path) -> dict[str, Any]:
    try:
        found = json.loads(place.read_bytes())
    except OSError as error:
        raise FaultsFound([unreadable(Where(str(place)), system_reason(error))]) from None
    except ValueError:
        found = None
    asked = {"weight_places", "point_places", "years", "parameters_digest", "table_sha256"}
    if not isinstance(found, dict) or found.get("format") != FORMAT or asked - found.keys():
        why = Text(f"清单不是 {FORMAT}", f"the manifest is no {FORMAT}")
        raise FaultsFound([complaints.catalogue_invalid(Where(str(place)), why)])
    return found


def _groups(rows: Iterable[TableRow], places: tuple[int, int]) -> tuple[Group, ...]:
    groups: dict[str, Group] = {}
    faults: list[Fault] = []
    for row in rows:
        try:
            group = _group(row.fields, places)
        except (KeyInvalid, ValueError) as error:
            why = Text(f"本行的值无法识别: {error}", f"a value is not understood: {error}")
            faults.append(complaints.catalogue_invalid(row.where, why))
            continue
        if group.code in groups:
            why = Text(f"病种 {group.code} 重复", f"the group {group.code} stands twice")
            faults.append(complaints.catalogue_invalid(row.where, why))
        groups[group.code] = group
    if faults:
        raise FaultsFound(faults)
    return tuple(groups.values())


def _group(fields: Mapping[str, str], places: tuple[int, int]) -> Group:
    kind, treatment = fields["kind"], fields["treatment"]
    if kind not in get_args(Kind) or treatment not in get_args(Treatment):
        raise ValueError(f"{kind} {treatment}")
    key = parse_key(fields["dip"], kind=cast("Kind", kind), treatment=cast("Treatment", treatment))
    return Group(
        key,
        int(fields["cases_count"]),
        parse_yuan(fields["mean_yuan"]),
        parse_decimal(fields["relative_weight"], places[0]),
        parse_decimal(fields["points"], places[1]),
        parse_decimal(fields["variation"], _VARIATION_PLACES),
        fields["name"],
    )
