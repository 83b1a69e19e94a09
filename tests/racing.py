"""Many callers at the same moment, each on its own database connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def race(verb: Callable[[int], Any], times: int = 8) -> list[Any]:
    """Call `verb(0)`, `verb(1)`, ... at once; what each returned, or raised."""
    barrier = Barrier(times)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return verb(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
