"""Restores the logging that a server in the foreground has configured."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from ep_mock.serving.logs import foreground_logging

LOGGERS: tuple[str, ...] = tuple(foreground_logging("text")["loggers"])


@contextlib.contextmanager
def restored_logging() -> Iterator[None]:
    """Restore the loggers at the end."""
    kept = [
        (logger, logger.level, logger.propagate, logger.handlers[:])
        for logger in map(logging.getLogger, LOGGERS)
    ]
    try:
        yield
    finally:
        for logger, level, propagate, handlers in kept:
            logger.setLevel(level)
            logger.propagate, logger.handlers = propagate, handlers
