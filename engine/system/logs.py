"""The engine's log file: everything that is too long for one sentence on the screen."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from ..wire.paths import log_path

__all__ = ["start_logging"]


def start_logging() -> None:
    """Send the log records of the whole engine to :func:`log_path`. A folder that cannot be written is no reason to stop."""
    logger = logging.getLogger(__package__.rpartition(".")[0])
    if logger.handlers:
        return
    logging.raiseExceptions = False
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            log_path(), maxBytes=1 << 20, backupCount=3, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
