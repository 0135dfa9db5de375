"""The engine's log file: everything that is too long for one sentence on the screen."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from ..wire.paths import log_path

__all__ = ["start_logging"]


def start_logging() -> None:
    """Send the log records of all the engine's packages to :func:`engine.wire.paths.log_path`.

    A folder that cannot be written does not stop anything.
    """
    logger = logging.getLogger(__package__.removesuffix(".system"))
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
