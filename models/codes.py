"""Code tables of destinations, evidence and services: data files with the words people use for each code."""

import re
import unicodedata
from functools import cache
from importlib import resources

import yaml

from models.base import Model


class DestinationCode(Model):
    """A row of the destination table (毕业去向).

    `settled`: counts as settled (落实). `evidence`: groups of evidence ids, one of each group is needed.
    `minimum_pay`: the pay must reach the policy's minimum. `reasons`: what an unsettled graduate is doing.
    `superseded_by`: the codes in use since; this older one is still read in rosters.
    """

    code: str
    zh: str
    en: str
    settled: bool
    evidence: tuple[tuple[str, ...], ...] = ()
    minimum_pay: bool = False
    reasons: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = ()

    def missing_evidence(self, given: frozenset[str]) -> tuple[tuple[str, ...], ...]:
        """The groups of which no proof (evidence id) is among `given`."""
        return tuple(group for group in self.evidence if given.isdisjoint(group))


class EvidenceType(Model):
    """A kind of proof (佐证材料). `traineeship`: never a proof of employment [21]."""

    id: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    traineeship: bool = False


class ServiceType(Model):
    """A kind of service of the package (服务包)."""

    id: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class _DestinationTable(Model):
    destinations: tuple[DestinationCode, ...]
    evidence: tuple[EvidenceType, ...]
    traineeship_signs: tuple[str, ...]


class _ServiceTable(Model):
    types: tuple[ServiceType, ...]


@cache
def _destination_table() -> _DestinationTable:
    return _DestinationTable.model_validate(_data("destinations"))


@cache
def _service_table() -> _ServiceTable:
    return _ServiceTable.model_validate(_data("service_types"))


def destinations() -> tuple[DestinationCode, ...]:
    """All rows, in the order of the table."""
    return _destination_table().destinations


def evidence_types() -> tuple[EvidenceType, ...]:
    """All kinds of proof."""
    return _destination_table().evidence


def service_types() -> tuple[ServiceType, ...]:
    """All kinds of service."""
    return _service_table().types


def destination(text: str) -> DestinationCode | None:
    """The row of a code or of its Chinese name; None when there is none."""
    return _destinations_by_word().get(_word(text))


def evidence_type(text: str) -> EvidenceType | None:
    """The kind of proof that a person means, by id, name or alias in Chinese or English.

    Anything else that speaks of a traineeship or internship is the traineeship proof.
    """
    word = _word(text)
    known = _evidence_by_word().get(word)
    if known is None and any(re.search(sign, word) for sign in _destination_table().traineeship_signs):
        return next(kind for kind in evidence_types() if kind.traineeship)
    return known


def service_type(text: str) -> str | None:
    """The code of a service given by code, name or alias; None when unknown."""
    return _services_by_word().get(_word(text))


@cache
def _destinations_by_word() -> dict[str, DestinationCode]:
    return {_word(word): row for row in destinations() for word in (row.code, row.zh)}


@cache
def _evidence_by_word() -> dict[str, EvidenceType]:
    return {
        _word(word): kind for kind in evidence_types() for word in (kind.id, kind.zh, kind.en, *kind.aliases)
    }


@cache
def _services_by_word() -> dict[str, str]:
    return {
        _word(word): kind.id
        for kind in service_types()
        for word in (kind.id, kind.zh, kind.en, *kind.aliases)
    }


def _word(text: str) -> str:
    """One spelling for full-width and half-width, upper and lower case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", text).strip().casefold())


def _data(name: str) -> object:
    source = resources.files("models").joinpath("data", "codes", f"{name}.yaml")
    return yaml.safe_load(source.read_text(encoding="utf-8"))
