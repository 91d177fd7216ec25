"""Numbers of the ledger for Prometheus, read when somebody looks, a moment old at most."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from models.tables import CaseDeadline
from services.overview import overdue_of

# However many look, the ledger is asked once in so many seconds.
_FRESH = 10.0


class LedgerNumbers(Collector):
    """What is overdue in a school. Nothing is told while the database is away."""

    def __init__(self, engine: Engine, school_id: str) -> None:
        self._engine = engine
        self._school_id = school_id
        self._read_at = float("-inf")
        self._overdue: Counter[str] = Counter()

    def describe(self) -> Iterator[Metric]:
        yield self._family()

    def collect(self) -> Iterator[Metric]:
        if time.monotonic() - self._read_at > _FRESH:
            try:
                self._read()
            except SQLAlchemyError:
                return
        family = self._family()
        for rung, count in self._overdue.items():
            family.add_metric([self._school_id, rung], count)
        yield family

    def _family(self) -> GaugeMetricFamily:
        words = "Deadlines that are overdue, by school and the last rung reached."
        return GaugeMetricFamily("zhuhang_overdue_deadlines", words, labels=["school", "rung"])

    def _read(self) -> None:
        of_school = [col(CaseDeadline.school_id) == self._school_id]
        # A rung that has nothing any more goes to zero, and does not vanish.
        overdue = Counter(dict.fromkeys(self._overdue, 0))
        with self._engine.connect() as connection:
            for row in overdue_of(connection, of_school, datetime.now(UTC)):
                overdue[row.rung] += row.count or 0
        self._overdue, self._read_at = overdue, time.monotonic()
