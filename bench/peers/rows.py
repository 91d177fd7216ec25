"""Plain rows: a transaction a command, and a scheduler that looks each second for what is due."""

import threading
from collections.abc import Iterator

from sqlalchemy import Engine, create_engine, text

from bench.life import COMMANDS
from bench.peers.clients import given, say, threaded_rates
from bench.peers.ledger import write
from cli.clean_exit import run_and_leave

_LOCK = text("SELECT version FROM case_row WHERE case_id = :case_id FOR UPDATE")
_DUE = text(
    "SELECT case_id, version FROM case_row WHERE due_at <= now() ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED"
)


def remind(engine: Engine, ended: threading.Event) -> None:
    """The scheduler."""
    while not ended.wait(1):
        with engine.begin() as connection:
            for case_id, version in connection.execute(_DUE).all():
                write(connection, case_id, version + 1, "due")


def main() -> int:
    """`python -m bench.peers.rows URL SPAN`"""
    url, span = given()
    engine = create_engine(url, pool_size=span["clients"] + 1)
    ended = threading.Event()

    def life(number: int) -> Iterator[int]:
        case_id = f"rows-{number}"
        with engine.begin() as connection:
            write(connection, case_id, 1, "opened")
        yield 1
        for _actor, command in COMMANDS:
            with engine.begin() as connection:
                version = connection.execute(_LOCK, {"case_id": case_id}).scalar_one()
                write(connection, case_id, version + 1, str(command))
            yield 1

    scheduler = threading.Thread(target=remind, args=(engine, ended))
    scheduler.start()
    say(threaded_rates(life, span))
    ended.set()
    scheduler.join()
    return 0


if __name__ == "__main__":
    run_and_leave(main)
