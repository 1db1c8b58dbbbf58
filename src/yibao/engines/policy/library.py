"""The words, counters, numbers and titles of an area: its own, and those it takes by name.

Holds: a name is declared once. What a file takes whole (``use: "000000"``) is words and titles;
numbers of another area are reached as ``370000/name`` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_area as area_doc
from yibao.engines.policy import law
from yibao.engines.policy.area import QuestionText, SourceText
from yibao.engines.policy.complaints import words as complaints
from yibao.engines.policy.counters import check_openings, compile_counter
from yibao.engines.policy.desk import Desk
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.figures import Shelf
from yibao.engines.policy.lending import Books, lenders_of, named_by_area
from yibao.engines.policy.provenance import Citations
from yibao.engines.policy.reading import Document, documents_in, of_kind
from yibao.engines.policy.vocabulary import Vocabulary, define_fact


class Library:
    """What the documents of an area may name."""

    def __init__(
        self, books: Books, code: str, *, own: Sequence[doc.Written], faults: Faults
    ) -> None:
        self.books = books
        self.code = code
        self.faults = faults
        self._own = own
        self._others = {
            area: documents_in(_words_only(books, area), code=area, faults=faults)
            for area in books
            if area != code
        }
        self.sources: dict[str, SourceText] = {}
        self.questions: dict[str, QuestionText] = {}

    def desk(self, *, horizon: date | None) -> Desk:
        """Everything that plans and entitlements are compiled with; faults are collected."""
        words = self._words()
        counters = self._counters(words)
        self._titles()
        sources, questions = frozenset(self.sources), frozenset(self.questions)
        citations = Citations(sources, questions, self.faults)
        return Desk(words, counters, self._shelf(), citations, horizon, self.faults)

    def _taken(self, model: type[Document], kind: str) -> list[Document]:
        """The documents of a kind that the area takes whole, then its own."""
        lenders = lenders_of(self.books, self.code, kind=kind)
        lent = [it for area in lenders for it in of_kind(self._others.get(area, ()), model)]
        return [*lent, *of_kind(self._own, model)]

    def _once(self, name: str, where: Where, seen: dict[str, Where]) -> None:
        if name in seen:
            self.faults.add(complaints.name_twice(where, name, first=seen[name]))
        seen.setdefault(name, where)

    def _words(self) -> Vocabulary:
        facts: dict[str, law.FactDefinition] = {}
        sets: dict[str, area_doc.FactSet] = {}
        fact_places: dict[str, Where] = {}
        set_places: dict[str, Where] = {}
        for document in self._taken(area_doc.Facts, "facts"):
            for name, fact in document.facts.items():
                self._once(name, fact.where, fact_places)
                facts[name] = define_fact(name, fact, faults=self.faults)
            for name, entry in document.sets.items():
                self._once(name, entry.where, set_places)
                sets[name] = entry
        words = Vocabulary(facts, sets, faults=self.faults)
        values = {value for fact in facts.values() for value, _ in fact.values}
        for name, entry in sets.items():
            if name in values:
                self.faults.add(complaints.set_named_as_value(entry.where, name))
            words.condition({entry.fact: entry.values}, entry.where)
        return words

    def _counters(self, words: Vocabulary) -> dict[str, law.Counter]:
        counters: dict[str, law.Counter] = {}
        places: dict[str, Where] = {}
        for document in self._taken(area_doc.Counters, "counters"):
            for name, written in document.counters.items():
                self._once(name, written.where, places)
                counters[name] = compile_counter(name, written, words=words)
        check_openings(counters, words, places=places)
        return counters

    def _titles(self) -> None:
        """Sources and questions: whoever takes a thing may cite what its lender cites."""
        places: dict[str, Where] = {}
        others = [it for area in sorted(self._others) for it in self._others[area]]
        for document in of_kind([*others, *self._own], area_doc.Sources):
            for name, entry in document.sources.items():
                self._once(name, entry.where, places)
                self.sources[name] = SourceText(name, **entry.model_dump())
            for name, question in document.questions.items():
                self._once(name, question.where, places)
                asked = Text(question.zh, question.en)
                reading = Text(question.reading.zh, question.reading.en)
                self.questions[name] = QuestionText(name, asked, reading)

    def _shelf(self) -> Shelf:
        """Own numbers by name, and everybody's by ``area/name``."""
        numbers: dict[str, doc.NamedNumber] = {}
        indices: dict[str, doc.IndexSeries] = {}
        places: dict[str, Where] = {}
        for area, documents in {**self._others, self.code: self._own}.items():
            for document in of_kind(documents, area_doc.Numbers):
                for name, number in document.numbers.items():
                    self._once(f"{area}/{name}", number.where, places)
                    numbers[f"{area}/{name}"] = number
                for name, series in document.indices.items():
                    self._once(f"{area}/{name}", series.where, places)
                    indices[f"{area}/{name}"] = series
                if area == self.code:
                    numbers |= document.numbers
                    indices |= document.indices
        return Shelf(numbers, indices)


def _words_only(books: Books, area: str) -> list[object]:
    """Another area's documents that may be named, its numbers named with their area."""
    kinds = ("facts", "sets", "counters", "sources", "questions", "numbers", "indices")
    return [
        named_by_area(tree, area)
        for tree in books[area]
        if isinstance(tree, dict) and any(kind in tree for kind in kinds)
    ]
