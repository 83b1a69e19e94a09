"""Bodies as they arrive on a bad day: keys missing, null, of another type, or more than expected."""

import copy
from typing import Any

from hypothesis import strategies as st

# what stands where something else was expected
ODD = [
    None, "", " ", "nonsense", "-1", "2026-13-45T99:99:99Z", "\ud83d", "\x00", "ü" * 2000,
    0, -1, 1.5, 10**30, 10**400, float("inf"), float("nan"), True, False,
    [], [None], ["x"], [[]], [{}], {}, {"id": None}, {"x": {"y": []}},
]  # fmt: skip


def mangled(body: Any) -> st.SearchStrategy[Any]:
    """The body with up to four of its parts missing, null, of another type, or with unknown keys beside them.

    Sometimes nothing is changed, and sometimes the whole body is something else.
    """
    places = list(_places(body, ()))
    change = st.tuples(st.sampled_from(places), st.sampled_from(["drop", "put", "add"]), st.sampled_from(ODD))
    return st.lists(change, max_size=4).map(lambda changes: _changed(body, changes))


def _places(value: Any, path: tuple[Any, ...]) -> Any:
    """Every path in the body, the root first."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _places(part, (*path, key))


def _changed(body: Any, changes: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    """A copy with the changes; one whose place an earlier change took away is left out."""
    body = copy.deepcopy(body)
    for path, verb, odd in changes:
        if not path:
            body = copy.deepcopy(odd) if verb == "put" else body
            continue
        parent = body
        try:
            for part in path[:-1]:
                parent = parent[part]
            if verb == "drop":
                del parent[path[-1]]
            elif verb == "put":
                parent[path[-1]] = copy.deepcopy(odd)
            else:
                parent[path[-1]]["an unknown key"] = copy.deepcopy(odd)
        except (KeyError, IndexError, TypeError):
            continue
    return body
