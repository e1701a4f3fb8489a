"""Formwork: an embeddable file-conversion engine.

One line converts a file::

    formwork.convert("holiday.heic", "holiday.webp", width=800)

For control there are engines and jobs::

    with formwork.Engine(limits={"pixels": 100_000_000}) as engine:
        web = engine.convert(data, to="webp", name="holiday.heic")
        job = engine.submit({"tasks": ...}, inputs={"in": (data, "film.mov")})
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import Any

from ._error import FormworkError
from ._formwork import Engine, Job, Output, __version__

__all__ = ["Engine", "FormworkError", "Job", "Output", "__version__", "convert"]

_engines: dict[int, Engine] = {}
_lock = threading.Lock()


def _after_fork() -> None:
    # A thread that held the lock at the fork is not there in the child.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def convert(source: Any, target: Any = None, **more: Any) -> Any:
    """Converts with an engine that has all defaults, see `Engine.convert`.

    It is opened by the first call in a process, and closed when that ends.
    """
    # An engine belongs to one process: a child of a fork opens another.
    process = os.getpid()
    with _lock:
        engine = _engines.get(process)
        if engine is None:
            engine = _engines[process] = Engine()
            atexit.register(engine.close)
    return engine.convert(source, target, **more)
