"""A drawn chunk as Arrow tables: claims as docs/claims-format.md has them, and members by spell.

Ids are integers, facts are words from small dictionaries, days are dates, amounts are fen. A fact
that does not apply is null. Columns of facts and streams that the area has not declared are left
out, streams into their general class, so that the folder is valid for the area it was made for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yibao.engines.benefits.claim import GENERAL
from yibao.engines.policy.area import AreaPolicy
from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.bills import CLASSES, ESSENTIAL, STREAMS
from yibao.offices.actuary.city.chunks import DrawnChunk
from yibao.offices.actuary.city.draws import Truth, Whole
from yibao.offices.actuary.city.events import CARE_TYPES, KINDS, NO_DAY, NONE, Events
from yibao.offices.actuary.city.figures import Condition, Figures
from yibao.offices.actuary.city.households import SEXES
from yibao.offices.actuary.city.population import CATEGORIES, SCHEMES, TIERS, Population
from yibao.offices.actuary.city.providers import KINDS as PROVIDER_KINDS
from yibao.offices.actuary.city.providers import LEVELS, Providers
from yibao.offices.actuary.settling import facts_stated

NEWBORN_DAYS = 28
PLACES = ("local", "in_province", "out_of_province")
_TWO_DISEASES = ("hypertension", "diabetes")
_PROJECTS = ("no_project", "project_disease")
_FOLDED = (
    *((f"noncovered:{name}", "noncovered") for name in STREAMS),
    (f"eligible:{ESSENTIAL}", "eligible"),
)


@dataclass(frozen=True, slots=True)
class Contract:
    """What the area that a city is made for lets claims state."""

    area: str
    facts: Collection[str]
    streams: Collection[str]

    @classmethod
    def of(cls, area: AreaPolicy) -> Contract:
        """The facts that a file may state and the streams of any plan."""
        streams = {stream for version in area.plans for stream in version.streams}
        return cls(area.code, frozenset(facts_stated(area)), frozenset(streams - {GENERAL}))


def claims_table(
    chunk: DrawnChunk, figures: Figures, *, providers: Providers, contract: Contract, lined: Truth
) -> pa.Table:
    """The rows of `claims`; those with lines (``lined``) have no amounts but what was charged."""
    columns = _identity_columns(chunk)
    columns |= _amount_columns(chunk, contract, lined=lined)
    facts = _member_facts(chunk, figures) | _encounter_facts(chunk, figures, providers)
    columns |= {name: array for name, array in facts.items() if name in contract.facts}
    columns |= _extra_columns(chunk, figures, providers)
    return pa.table(columns)


def members_table(chunk: DrawnChunk, figures: Figures, *, count: int) -> pa.Table:
    """One row for each member and spell: what holds from a day (null: from before the year)."""
    people = chunk.population
    has_change = people.change_day < people.change_day.max(initial=0)
    first, second = np.arange(count), np.flatnonzero(has_change[:count])
    member = np.concatenate([first, second])
    is_second = np.arange(len(member)) >= count
    order = np.lexsort((is_second, member))
    member, is_second = member[order], is_second[order]
    change = np.where(has_change[member], people.change_day[member], NO_DAY)
    identities = ("no_identity", *figures.parts("identities"))

    def state(name: str) -> Whole:
        found: Whole = np.where(
            is_second, getattr(people.second, name)[member], getattr(people.first, name)[member]
        )
        return found

    special = people.special[member]
    return pa.table(
        {
            "member_id": people.member_id[member],
            "family_id": people.family_id[member],
            "sex": words(SEXES, people.sex[member]),
            "birth_date": pa.array(people.birth_day[member].astype("datetime64[D]")),
            "from_date": dates(np.where(is_second, change, NO_DAY)),
            "until_date": dates(np.where(is_second, NO_DAY, change)),
            "scheme": words(SCHEMES, state("scheme")),
            "member_category": words(CATEGORIES, state("category")),
            "payer_tier": words(TIERS, state("tier")),
            "assistance_identity": words(identities, state("identity")),
            "is_poor": state("is_poor").astype(bool),
            "special_disease": words(figures.parts("special_diseases"), special),
            "recognised_date": dates(
                np.where(special == NONE, NO_DAY, people.recognised_day[member])
            ),
            "has_hypertension": people.has_hypertension[member],
            "has_diabetes": people.has_diabetes[member],
            "delivery_date": dates(people.delivery_day[member]),
        }
    )


def providers_table(providers: Providers, figures: Figures) -> pa.Table:
    """One row for each provider."""
    return pa.table(
        {
            "provider_id": list(providers.provider_id),
            "facility_level": words(LEVELS, providers.level),
            "facility_kind": words(PROVIDER_KINDS, providers.kind),
            "facility_named": words(_named(figures), providers.named),
            "is_essential_drug_facility": providers.is_essential,
        }
    )


def words(values: Sequence[str], codes: Whole | Truth) -> pa.Array:
    """Codes as words of a dictionary; a code below 0 is null."""
    # A word that stands twice in a dictionary is written to Parquet in bytes that vary by the run.
    distinct = list(dict.fromkeys(values))
    if len(distinct) < len(values):
        places = np.array([distinct.index(value) for value in values])
        codes = np.where(codes < 0, codes, places[codes])
    small = codes.astype(np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(small, mask=small < 0), pa.array(distinct, pa.string())
    )


def dates(days: Whole) -> pa.Array:
    """Days from 1970-01-01 as dates; no day is null."""
    return pa.array(days.astype(np.int32), pa.int32(), mask=days == NO_DAY).cast(pa.date32())


def _identity_columns(chunk: DrawnChunk) -> dict[str, Any]:
    people, rows = chunk.population, chunk.rows
    member = rows["member"]
    return {
        "claim_id": chunk.claim_id,
        "member_id": people.member_id[member],
        "family_id": people.family_id[member],
        "entry_sequence": chunk.sequence.astype(np.int32),
        "encounter_id": pa.array(chunk.encounter_id, mask=chunk.encounter_id == 0),
        "settlement_date": dates(rows["day"]),
        "admission_date": dates(rows["admission"]),
        "discharge_date": dates(rows["discharge"]),
        "birth_date": pa.array(people.birth_day[member].astype("datetime64[D]")),
    }


def _amount_columns(chunk: DrawnChunk, contract: Contract, *, lined: Truth) -> dict[str, Any]:
    bills = chunk.bills
    classes = dict(bills.classes)
    streams = {}
    for name, general in _FOLDED:
        if name.partition(":")[2] in contract.streams:
            streams[name] = bills.streams[name]
        else:
            classes[general] = classes[general] + bills.streams[name]
    columns: dict[str, Any] = {"submitted_amount": bills.submitted}
    for name in ("eligible", *reversed(CLASSES)):
        columns[f"{name}_amount"] = pa.array(classes[name], mask=lined)
    for name, amounts in streams.items():
        of_class, _, stream = name.partition(":")
        column = pa.array(amounts, mask=lined | (amounts == 0))
        columns[f"{of_class}_amount:{stream}"] = column
    return columns


def _member_facts(chunk: DrawnChunk, figures: Figures) -> dict[str, Any]:
    people, rows = chunk.population, chunk.rows
    member, day = rows["member"], rows["day"]

    def state(name: str) -> Whole:
        return people.at(name, member=member, day=day)

    special = np.where(people.recognised_day[member] <= day, people.special[member], NONE)
    return {
        "scheme": words(SCHEMES, state("scheme")),
        "member_category": words(CATEGORIES, state("category")),
        "payer_tier": words(TIERS, state("tier")),
        "is_poor": state("is_poor").astype(bool),
        "assistance_identity": words(
            ("no_identity", *figures.parts("identities")), state("identity")
        ),
        "special_diseases": words(figures.parts("special_diseases"), special),
    }


def _encounter_facts(chunk: DrawnChunk, figures: Figures, providers: Providers) -> dict[str, Any]:
    rows = chunk.rows
    kind, provider = rows["kind"], rows["provider"]
    is_here = provider != NONE
    named = np.where(is_here, providers.named[provider], NONE)
    identity = chunk.population.at("identity", member=rows["member"], day=rows["day"])
    project = np.where(identity > 0, rows["project"], 0)
    essential = is_here & providers.is_essential[provider]
    return {
        "care_type": care_types(kind),
        "facility_level": words(LEVELS, rows["level"]),
        "facility_kind": words(PROVIDER_KINDS, np.where(is_here, providers.kind[provider], 0)),
        "facility_named": words((*_named(figures), "other_facility"), _last(named, figures)),
        "is_essential_drug_facility": essential,
        "disease": _diseases(chunk, figures),
        "place_of_care": words(PLACES, rows["place"]),
        "filing_kind": words(figures.parts("elsewhere_filings"), rows["filing"]),
        "rigid_cost_project": words(_PROJECTS, np.where(kind == kinds.STAY, project, NONE)),
        "is_expert_reviewed": pa.array(np.zeros(len(kind), bool), mask=kind != kinds.STAY),
    }


def _last(named: Whole, figures: Figures) -> Whole:
    return np.where(named == NONE, len(_named(figures)), named)


def care_types(kind: Whole) -> pa.Array:
    """The care type of each row."""
    values = tuple(dict.fromkeys(CARE_TYPES))
    codes = np.array([values.index(care_type) for care_type in CARE_TYPES])
    return words(values, codes[kind])


def _diseases(chunk: DrawnChunk, figures: Figures) -> pa.Array:
    names = figures.parts("special_diseases")
    kind, disease = chunk.rows["kind"], chunk.rows["disease"]
    two = np.array([names.index(name) for name in _TWO_DISEASES])
    codes = np.where(kind == kinds.SPECIAL_VISIT, disease, len(names))
    is_two = kind == kinds.TWO_DISEASE_VISIT
    codes[is_two] = two[disease[is_two]]
    return words((*names, "no_special_disease"), codes)


def _extra_columns(chunk: DrawnChunk, figures: Figures, providers: Providers) -> dict[str, Any]:
    rows = chunk.rows
    _, others, procedures = codes_of_stays(figures)
    condition, other = rows["condition"], rows["other"]
    principal, own = principal_codes(figures, rows, people=chunk.population)
    code = np.where(own == NONE, NONE, own % len(procedures))
    starts = np.cumsum([0, *(len(part) for part in others)])
    return {
        "extra_kind": words(KINDS, rows["kind"]),
        "extra_provider_id": words(providers.provider_id, rows["provider"]),
        "extra_sex": words(SEXES, chunk.population.sex[rows["member"]]),
        "extra_principal_diagnosis": words(principal, own),
        "extra_other_diagnoses": words(
            [text for part in others for text in part],
            np.where(other == NONE, NONE, starts[condition] + other),
        ),
        "extra_procedures": words(
            [text or "" for text in procedures],
            np.where(np.array([bool(text) for text in procedures])[code], code, NONE),
        ),
    }


def principal_codes(
    figures: Figures, rows: Events, *, people: Population
) -> tuple[list[str], Whole]:
    """Principal diagnoses, and the place of each row's (−1: no stay).

    After those of :func:`codes_of_stays` come those of members too old for their condition's.
    """
    principal, _, _ = codes_of_stays(figures)
    older = {one.condition: one.code for one in figures.stay_codes if one.part == "older"}
    names = [condition.name for condition in figures.conditions]
    names += [""] * (len(principal) - len(names))
    texts = [older.get(name, code) for name, code in zip(names, principal, strict=True)]
    is_delivery = rows["kind"] == kinds.DELIVERY
    code = np.where(is_delivery, len(figures.conditions) + rows["caesarean"], rows["condition"])
    is_older = rows["admission"] - people.birth_day[rows["member"]] > NEWBORN_DAYS
    is_older &= (rows["kind"] == kinds.STAY) & (code != NONE)
    return [*principal, *texts], np.where(is_older, code + len(principal), code)


def codes_of_stays(figures: Figures) -> tuple[list[str], list[list[str]], list[str]]:
    """Principal diagnoses, further ones, and procedures: conditions, then ways of delivery."""
    conditions: Sequence[Condition] = figures.conditions
    births: list[Mapping[str, object]] = [
        figures.words("deliveries", way) for way in figures.parts("deliveries")
    ]
    principal = [c.principal for c in conditions] + [str(row["principal"]) for row in births]
    others = [c.others.split(";") if c.others else [] for c in conditions]
    procedures = [c.procedures for c in conditions] + [str(row["procedure"]) for row in births]
    return principal, others, procedures


def _named(figures: Figures) -> tuple[str, ...]:
    return figures.parts("named")
