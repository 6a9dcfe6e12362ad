"""What a server in the foreground logs, and how: crashes, unreadable requests and, where wanted, all
requests, on standard error.
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
"""The attribute of a log record under which a JSON line finds further fields."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (RFC 3339, UTC), `level`, `message`, the record's own fields, and
    `exception` with a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextLine(logging.Formatter):
    """The message in one line, and a traceback below it. What clients have sent cannot steer the terminal or
    forge a line.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the base class calls it so
        return printable(record.message)

    def formatException(self, ei: Any) -> str:  # noqa: N802  as above
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def json_line(message: str, fields: Mapping[str, Any]) -> str:
    """A line as `JsonFormatter` has them, for what is no log: the announcement of the server."""
    return JsonFormatter().format(
        logging.makeLogRecord({"levelname": "INFO", "msg": message, FIELDS: fields})
    )


def foreground_logging(log_format: LogFormat) -> dict[str, Any]:
    """For `logging.config`. Standard output stays the caller's."""
    formatter = {"()": JsonFormatter if log_format == "json" else TextLine}
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
