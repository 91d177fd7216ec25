"""The columns that a roster may have, and how a header is recognised (domain.md §2)."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import yaml

from models.base import Model
from models.roster.codes import data_file, fold

Kind = Literal[
    "text", "name", "code", "id_number", "phone", "email", "table", "list",
    "first_day", "last_day", "cohort", "hardship", "yes_no", "other",
]  # fmt: skip

# A row of a file: the cells that hold anything, by column index (from 0).
RawRow = Mapping[int, str]


class Column(Model):
    """One column: its field name, the header we print, how its cells are read, and the headers people use."""

    field: str
    zh: str
    kind: Kind
    table: str | None = None
    aliases: tuple[str, ...] = ()


class Columns(Model):
    """All columns, and the words that tell a header, a totals row and an empty cell."""

    header_within_rows: int
    header_needs: tuple[str, ...]
    totals: tuple[str, ...]
    blank_marks: tuple[str, ...]
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    columns: tuple[Column, ...]

    def zh(self, field: str) -> str:
        """The Chinese header of a field."""
        return _by_field()[field].zh


class Header(Model):
    """A recognised header: its row (from 1), what stands in it and the field of each column index (from 0), and what
    is not read: headers that nobody knows, and further columns for a field that an earlier column holds already."""

    row: int
    texts: Mapping[int, str] = {}
    fields: Mapping[int, str]
    unrecognised: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()

    def said(self) -> "Corrections":
        """What reads a header like this one again."""
        found: dict[str, str] = {}
        for index, text in self.texts.items():
            found[text] = found.get(text) or self.fields.get(index, "")
        return found


@cache
def roster_columns() -> Columns:
    """The columns of `roster_columns.yaml`."""
    return Columns.model_validate(yaml.safe_load(data_file("roster_columns.yaml")))


@cache
def _by_field() -> Mapping[str, Column]:
    return {column.field: column for column in roster_columns().columns}


@cache
def _by_alias() -> Mapping[str, str]:
    return {
        fold_header(name): column.field
        for column in roster_columns().columns
        for name in (column.field, column.zh, *column.aliases)
    }


def fold_header(text: str) -> str:
    """A header as it is compared: no spaces, line breaks, asterisks or closing colon, brackets half-width."""
    return re.sub(r"[*＊※]|[::]$", "", fold(text))


def field_of(header: str) -> str | None:
    """The field that a header names, with or without what it says in brackets; None for an unknown one."""
    whole = fold_header(header)
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", whole)
    return _by_alias().get(whole) or _by_alias().get(bare)


Corrections = Mapping[str, str]
"""What people say that columns are: the field of a header, as it is shown; an empty one is not read."""


def read_header(row: int, cells: RawRow, corrections: Corrections | None = None) -> Header:
    """What a row would mean as a header."""
    said = {index: " ".join(clean_header(text)) for index, text in cells.items()}
    # What a person says comes before what a name looks like, whichever column is the first.
    chosen = {index: corrections[text] for index, text in said.items() if corrections and text in corrections}
    fields: dict[int, str] = {}
    unrecognised: list[str] = []
    duplicates: list[str] = []
    for index, text in sorted(said.items(), key=lambda item: item[0] not in chosen):
        field = chosen[index] if index in chosen else field_of(text)
        if not field:
            unrecognised.append(text)
        elif field in fields.values():
            duplicates.append(text)
        else:
            fields[index] = field
    return Header(
        row=row, texts=said, fields=fields, unrecognised=tuple(unrecognised), duplicates=tuple(duplicates)
    )


def clean_header(text: str) -> list[str]:
    """The words of a header, for showing it on one line."""
    return text.split()


def is_header(header: Header) -> bool:
    """True if the row names what a person cannot be told without."""
    return set(roster_columns().header_needs) <= set(header.fields.values())


def find_header(
    rows: Iterable[tuple[int, RawRow]], corrections: Corrections | None = None
) -> tuple[Header | None, tuple[str, ...]]:
    """The first header within the first rows; where there is none, the cells of the row most like one."""
    best: tuple[int, int, tuple[str, ...]] = (0, 0, ())
    for number, cells in rows:
        if number > roster_columns().header_within_rows:
            break
        header = read_header(number, cells, corrections)
        if is_header(header):
            return header, ()
        shown = tuple(" ".join(clean_header(text)) for text in cells.values())
        best = max(best, (len(header.fields), min(len(shown), 2), shown), key=lambda seen: seen[:2])
    return None, best[2]


RowKind = Literal["data", "totals", "repeated_header"]


def kind_of_row(header: Header, cells: RawRow) -> RowKind:
    """Whether a row with content holds a person, a sum, or the header once more (as page breaks leave it)."""
    named = {field: cells.get(index, "") for index, field in header.fields.items()}
    needs = roster_columns().header_needs
    if all(field_of(named.get(field, "")) == field for field in needs):
        return "repeated_header"
    first = next(iter(cells.values()))
    if any(_is_totals(text) for text in (first, *(named.get(field, "") for field in needs))):
        return "totals"
    return "data"


def _is_totals(text: str) -> bool:
    words = "|".join(map(re.escape, roster_columns().totals))
    return re.fullmatch(rf"({words})([:\d(].*|人数?|数)?", fold(text)) is not None
