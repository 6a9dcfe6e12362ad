"""Logs as text and as JSON: one line each, whatever happens."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.serving.logs import FIELDS, JsonFormatter, foreground_logging, json_line
from tests.logs import LOGGERS, restored_logging


@pytest.fixture
def _restored_logging() -> Iterator[None]:
    with restored_logging():
        yield


def test_a_line_has_its_time_in_utc_its_level_its_message_and_its_fields() -> None:
    record = logging.makeLogRecord(
        {"created": 1733268695.9626, "levelname": "WARNING", "msg": "%s of %d", "args": ("one", 2)}
    )
    setattr(record, FIELDS, {"status": 200})
    line = '{"time": "2024-12-03T23:31:35.962Z", "level": "warning", "message": "one of 2", "status": 200}'
    assert JsonFormatter().format(record) == line


@given(message=st.text(), value=st.text())
def test_any_text_is_one_line(message: str, value: str) -> None:
    line = json_line(message, {"value": value})
    assert len(line.splitlines()) == 1
    said = json.loads(line)
    assert said == {"time": said["time"], "level": "info", "message": message, "value": value}


@pytest.mark.usefixtures("_restored_logging")
@pytest.mark.parametrize("name", LOGGERS)
def test_a_crash_is_one_line_with_its_traceback(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(foreground_logging("json"))
    try:
        raise LookupError("nothing\nthere")
    except LookupError:
        logging.getLogger(name).exception("failed")
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    said = json.loads(err)
    assert (said["level"], said["message"]) == ("error", "failed")
    assert said["exception"].endswith("LookupError: nothing\nthere")


@pytest.mark.usefixtures("_restored_logging")
@pytest.mark.parametrize("name", LOGGERS)
def test_as_text_a_line_is_its_message(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(foreground_logging("text"))
    logging.getLogger(name).warning("%s happened", "something")
    logging.getLogger(name).debug("not worth a line")
    assert capfd.readouterr() == ("", "something happened\n")


@pytest.mark.usefixtures("_restored_logging")
@pytest.mark.parametrize("name", LOGGERS)
def test_as_text_nothing_that_a_client_has_sent_steers_the_terminal_or_forges_a_line(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.config.dictConfig(foreground_logging("text"))
    try:
        raise LookupError("nothing \x1b[2J\u202e there")
    except LookupError:
        logging.getLogger(name).exception("%s failed", "/v2/\r\n\x1b[31m")
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "/v2/\\x0d\\x0a\\x1b[31m failed"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "LookupError: nothing \\x1b[2J\\u202e there"
