"""Column types that behave alike on SQLite and PostgreSQL."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import declared_attr
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class Table(SQLModel):
    """The base of every table; `CaseRow` is the table `case_row`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. SQLite keeps no zone, so it is added again on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class WriteNumber(GenericFunction[int]):
    """The number of the write that puts a row of `case_row` into the database, for `services.changes`: on SQLite,
    which takes one writer at a time, one more than the last; on PostgreSQL the id of the transaction, of which the
    server knows whether any older one is still under way."""

    type = BigInteger()
    inherit_cache = True


@compiles(WriteNumber, "sqlite")
def _next_number(_element: WriteNumber, _compiler: Any, **_options: Any) -> str:  # pyright: ignore[reportUnusedFunction]
    return "(SELECT coalesce(max(written), 0) + 1 FROM case_row)"


@compiles(WriteNumber, "postgresql")
def _transaction_id(_element: WriteNumber, _compiler: Any, **_options: Any) -> str:  # pyright: ignore[reportUnusedFunction]
    return "pg_current_xact_id()::text::bigint"
