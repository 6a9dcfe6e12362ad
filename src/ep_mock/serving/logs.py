"""The log of a server in the foreground, on standard error: crashes, unreadable requests, and on demand all
requests.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ep_mock.domain.display import printable
from ep_mock.settings import LogFormat

FIELDS = "ep_mock_fields"
"""The attribute of a log record with further fields for the JSON line."""


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `time` (RFC 3339, UTC), `level`, `message`, the record's fields, and
    `exception` with a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """The message in one line, and a traceback below it. Control characters from clients are escaped."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - a method of the base class
        return printable(record.message)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as above
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def json_line(message: str, fields: Mapping[str, Any]) -> str:
    """A line in the format of `JsonFormatter`, for messages that are no log records."""
    return JsonFormatter().format(
        logging.makeLogRecord({"levelname": "INFO", "msg": message, FIELDS: fields})
    )


def foreground_logging(log_format: LogFormat) -> dict[str, Any]:
    """The configuration for `logging.config`. Nothing goes to standard output."""
    formatter = {"()": JsonFormatter if log_format == "json" else TextFormatter}
    levels = {
        "asyncio": "WARNING",
        "ep_mock": "WARNING",
        "uvicorn.error": "WARNING",
        "uvicorn.access": "INFO",
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"level": level, "handlers": ["stderr"], "propagate": False}
            for name, level in levels.items()
        },
    }
