"""The columns of the ledger's workbook: those of a roster, and what the ledger adds to them."""

from collections.abc import Iterable
from functools import cache

import yaml

from models.base import Model
from models.roster.codes import data_file
from models.roster.columns import Kind, roster_columns

_CODES = frozenset[Kind]({"code", "id_number", "phone"})
# Beside the header, for the arrow of a filter.
_AROUND = 2


class LedgerColumn(Model):
    """One column by its id, with the header that we print and its width in characters. `as_text`: digits that are
    no number."""

    id: str
    zh: str
    width: int
    as_text: bool = False


class _Table(Model):
    widths: dict[Kind, int]
    columns: tuple[LedgerColumn, ...]


@cache
def ledger_columns() -> dict[str, LedgerColumn]:
    """All columns by their ids, in the order in which they stand where a school does not say."""
    table = _Table.model_validate(yaml.safe_load(data_file("ledger_columns.yaml")))
    roster = [
        LedgerColumn(
            id=column.field,
            zh=column.zh,
            width=max(table.widths[column.kind], 2 * len(column.zh) + _AROUND),
            as_text=column.kind in _CODES,
        )
        for column in roster_columns().columns
    ]
    return {column.id: column for column in (*roster, *table.columns)}


def unknown_columns(ids: Iterable[str]) -> list[str]:
    """Those of the ids that name no column."""
    return [item for item in ids if item not in ledger_columns()]
