"""Log lines: one form for all loggers, no personal data."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from services.logs import configure_logging
from services.settings import Settings


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    configure_logging(Settings(log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.getLogger().handlers[:], logging.getLogger().level = before


def test_both_kinds_of_logger_write_json_with_the_bound_context(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(case_id="c-1")
    structlog.get_logger("ours").info("opened", stage="intake")
    logging.getLogger("theirs").warning("slow: %s", "query")
    ours, theirs = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (ours["event"], ours["stage"], ours["case_id"], ours["level"]) == (
        "opened",
        "intake",
        "c-1",
        "info",
    )
    assert (theirs["event"], theirs["case_id"], theirs["logger"]) == ("slow: query", "c-1", "theirs")
    assert ours["timestamp"].endswith("Z")


def test_personal_data_is_blanked_out_wherever_it_stands(lines: io.StringIO) -> None:
    logger = structlog.get_logger("ours")
    logger.info("row of 000000200201010018 with 10012345678", phone="10012345678", row=7)
    try:
        raise ValueError("bad id 00000020020101001X")
    except ValueError:
        logging.getLogger("theirs").exception("refused %s", "000000200202290015")
    written = lines.getvalue()
    for secret in ("000000200201010018", "10012345678", "00000020020101001X", "000000200202290015"):
        assert secret not in written
    assert json.loads(written.splitlines()[0])["row"] == 7
    assert "ValueError" in written


@pytest.mark.parametrize("given", [True, "error", "triple"])
def test_an_exception_is_told_without_its_words(lines: io.StringIO, given: object) -> None:
    try:
        try:
            int("学生张三丰")
        except ValueError as error:
            raise LookupError("张三丰的备注") from error
    except LookupError as error:
        exc_info = {"error": error, "triple": (LookupError, error, error.__traceback__)}.get(str(given), True)
        structlog.get_logger("ours").error("failed", exc_info=exc_info)
        logging.getLogger("theirs").error("failed", exc_info=exc_info)  # type: ignore[arg-type]
    assert "张三丰" not in lines.getvalue()
    for line in lines.getvalue().splitlines():
        told = json.loads(line)["exception"]
        assert told.startswith("LookupError\n")
        assert "\nValueError\n" in told
        assert "test_logs.py:" in told


def test_a_long_number_that_is_no_identity_stays(lines: io.StringIO) -> None:
    structlog.get_logger("ours").info("event 123456789012345678901 of run 1234")
    assert "123456789012345678901" in lines.getvalue()


def test_a_line_that_finds_no_room_on_its_disk_is_lost_and_nothing_fails(lines: io.StringIO) -> None:
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        configure_logging(Settings(log_format="json"), full)
        structlog.get_logger("ours").info("opened", stage="intake")
        with suppress(OSError):
            full.close()
    assert lines.getvalue() == ""
