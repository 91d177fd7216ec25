"""Hardship types (重点群体, domain.md §1): their names, and how a cell that holds several is read."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache

import yaml

from models.base import Model
from models.roster.codes import data_file, fold
from models.roster.text import clean, half_width

# Text whose brackets, if any, match (one level deep).
_BALANCED = r"[^()]*(?:\([^()]*\)[^()]*)*"
_NOT_IN_BRACKETS = r"(?![^(（]*[)）])"


class HardshipType(StrEnum):
    """The ids of domain.md §1; names, proofs and order are in `hardship_types.yaml`."""

    LIFTED_POVERTY = "LIFTED_POVERTY"
    RELAPSE_MONITORED = "RELAPSE_MONITORED"
    DIBAO = "DIBAO"
    DIBAO_MARGIN = "DIBAO_MARGIN"
    ZERO_EMPLOYMENT = "ZERO_EMPLOYMENT"
    DISABILITY = "DISABILITY"
    DISABLED_HOUSEHOLD = "DISABLED_HOUSEHOLD"
    TEKUN = "TEKUN"
    ORPHAN = "ORPHAN"
    STUDENT_LOAN = "STUDENT_LOAN"
    OTHER = "OTHER"


class Bilingual(Model):
    """One thing said in Chinese and English."""

    zh: str
    en: str


class HardshipTypeEntry(Model):
    """One type: its names, the proof usually asked for, its usual order, and its share of the old bitmask."""

    id: HardshipType
    zh: str
    en: str
    proof: Bilingual
    order: int
    legacy: int
    aliases: tuple[str, ...] = ()


class HardshipTypes(Model):
    """The whole table, and the words that surround a type in a cell."""

    separators: str
    suffixes: tuple[str, ...]
    none: tuple[str, ...]
    types: tuple[HardshipTypeEntry, ...]

    def entry(self, hardship: HardshipType) -> HardshipTypeEntry:
        """The entry of a type."""
        return next(entry for entry in self.types if entry.id == hardship)


class HardshipClaim(Model):
    """A type that somebody is said to belong to; `text` is what the school calls it, kept for OTHER only."""

    type: HardshipType
    text: str | None = None


class UnknownHardship(Model):
    """A part of a cell that names no type we know, with up to three names that may be meant."""

    text: str
    suggestions: tuple[str, ...]


@cache
def hardship_types() -> HardshipTypes:
    """The table of `hardship_types.yaml`."""
    table = HardshipTypes.model_validate(yaml.safe_load(data_file("hardship_types.yaml")))
    if sorted(entry.id for entry in table.types) != sorted(HardshipType):
        raise ValueError("hardship_types.yaml must hold each hardship type once")
    return table


@cache
def _by_name() -> Mapping[str, HardshipType]:
    return {
        fold(name): entry.id
        for entry in hardship_types().types
        for name in (entry.id, entry.zh, entry.en, *entry.aliases)
    }


def parse_hardship(
    cell: str, *, unknown_as_other: bool = False
) -> tuple[tuple[HardshipClaim, ...], tuple[UnknownHardship, ...]]:
    """The types that a cell names, each once and in the cell's order, and the parts that name none we know.

    With `unknown_as_other` such a part becomes OTHER with its text kept. A cell may also say "none".
    """
    claims: dict[HardshipClaim, None] = {}
    unknown: list[UnknownHardship] = []
    for part in _parts(cell):
        if fold(part) in _none_words():
            continue
        claim = _claim(part)
        if claim is None and unknown_as_other:
            claim = HardshipClaim(type=HardshipType.OTHER, text=_other_text(part))
        if claim is None:
            unknown.append(UnknownHardship(text=part, suggestions=suggest_hardship(part)))
        else:
            claims[claim] = None
    return tuple(claims), tuple(unknown)


def write_hardship(claims: Iterable[HardshipClaim]) -> str:
    """A cell that `parse_hardship` reads back: names joined by 、, the text of OTHER in brackets."""
    names = ((hardship_types().entry(claim.type).zh, claim.text) for claim in claims)
    return "、".join(f"{name}({text})" if text else name for name, text in names)


def suggest_hardship(text: str) -> tuple[str, ...]:
    """Up to three Chinese names of types whose names or aliases are like the text, best first; OTHER, which
    takes any text in brackets, where nothing is like it."""
    wanted = fold(text)
    scores: dict[HardshipType, float] = {}
    for name, hardship in _by_name().items():
        score = SequenceMatcher(None, wanted, name).ratio()
        if len(name) > 1 and (name in wanted or wanted in name):
            score += 0.5
        scores[hardship] = max(score, scores.get(hardship, 0.0))
    near = sorted(
        (hardship for hardship in scores if scores[hardship] >= 0.4), key=lambda each: -scores[each]
    )
    return tuple(hardship_types().entry(hardship).zh for hardship in near[:3] or [HardshipType.OTHER])


def legacy_hardship_code(types: Iterable[HardshipType]) -> int:
    """The old 困难生类别, 0 to 7: 1 employment hardship, 2 family hardship, 4 disability, added up."""
    code = 0
    for hardship in types:
        code |= hardship_types().entry(hardship).legacy
    return code


@cache
def _none_words() -> frozenset[str]:
    return frozenset(map(fold, hardship_types().none))


def _parts(cell: str) -> list[str]:
    """The cell split at separators outside brackets; a part also at spaces, unless they are in its name."""
    cell = clean(cell)
    if _type_named(cell):
        return [cell]
    separators = rf"[{re.escape(hardship_types().separators)}]+{_NOT_IN_BRACKETS}"
    parts = [part.strip() for part in re.split(separators, cell) if part.strip()]
    return [word for part in parts for word in ([part] if _claim(part) else _words(part))]


def _words(text: str) -> list[str]:
    return re.split(rf"\s+{_NOT_IN_BRACKETS}", text)


def _claim(part: str) -> HardshipClaim | None:
    """The type that a text names by id, name or alias; a usual ending or a remark in brackets may follow."""
    known = _type_named(part)
    if known:
        return HardshipClaim(type=known)
    # A remark must end the text: what follows a closed bracket may be another type.
    named = re.fullmatch(rf"([^(:]+)(?:\(({_BALANCED})\)|\(([^()]+)|:(.+))", half_width(part))
    if named is None:
        return None
    known = _type_named(named[1])
    if known is HardshipType.OTHER:
        return HardshipClaim(type=known, text=_other_text(named[2] or named[3] or named[4]))
    return HardshipClaim(type=known) if known and not named[4] else None


def _other_text(text: str) -> str | None:
    """The school's own name for a type; brackets that do not match would not read back, and go."""
    text = half_width(text)
    kept = text if re.fullmatch(_BALANCED, text) else re.sub("[()]", " ", text)
    return " ".join(kept.split()) or None


def _type_named(text: str) -> HardshipType | None:
    wanted = fold(text)
    endings = ("", *hardship_types().suffixes)
    stems = (wanted.removesuffix(ending) for ending in endings if wanted.endswith(ending))
    return next((_by_name()[stem] for stem in stems if stem in _by_name()), None)
