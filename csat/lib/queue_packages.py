"""What the queue carries and keeps: JSON that names one of our jobs and an id, never a pickle.

django-q2 signs pickles with SECRET_KEY, and stores arguments and results of tasks as pickles without a
signature: whoever has the key, or writes to the database, could run any command by them.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature

AT, STATUS = "$at", "$status"  # what JSON has no form for: a time, and a cluster's own report


def install(jobs: Collection[str]) -> None:
    """Call it in every process before a task is queued or run. No other job is taken from the queue."""
    from django_q import signing
    from picklefield import fields

    Packages.jobs = frozenset(jobs)
    signing.PickleSerializer = Packages
    fields.dbsafe_encode, fields.dbsafe_decode = _encode_column, _decode_column


class Packages:
    """In the place of django-q2's serializer. A package that is not ours counts as badly signed: the worker
    drops it with a line in the log, and the sweeper finds the work again in its rows.
    """

    jobs: frozenset[str] = frozenset()

    @staticmethod
    def dumps(package: Any) -> bytes:
        from django_q.status import Stat

        if isinstance(package, Stat):
            package = {STATUS: package.__getstate__()}
        return _to_json(package).encode()

    @classmethod
    def loads(cls, data: bytes) -> Any:
        try:
            package = json.loads(data, object_hook=_read)
        except (ValueError, RecursionError) as error:
            raise BadSignature("the package is not JSON") from error
        return package if not isinstance(package, dict) else cls._task(package)

    @classmethod
    def _task(cls, task: dict[str, Any]) -> dict[str, Any]:
        args = task.get("args")
        if task.get("func") not in cls.jobs:
            raise BadSignature("the package names none of our jobs")
        if not isinstance(args, list) or any(type(value) is not int for value in args) or task.get("kwargs"):
            raise BadSignature("the package carries more than an id")
        return task | {"args": tuple(args), "kwargs": {}}


def _to_json(value: object) -> str:
    return json.dumps(value, default=_write)


def _write(value: object) -> object:
    return {AT: value.isoformat()} if isinstance(value, datetime) else str(value)


def _read(value: dict[str, Any]) -> Any:
    if set(value) == {AT}:
        return datetime.fromisoformat(value[AT])
    if set(value) == {STATUS}:
        return _status(value[STATUS])
    return value


def _status(state: dict[str, Any]) -> object:
    from django_q.status import Stat

    status = Stat.__new__(Stat)
    status.__dict__.update(state)
    return status


def _encode_column(value: object, compress_object: bool = False, *_: object) -> str:
    from picklefield.fields import PickledObject

    encoded: str = PickledObject(b64encode(_to_json(value).encode()).decode())
    return encoded


def _decode_column(value: str, compress_object: bool = False) -> Any:
    """Raises ValueError for a pickle; the field then hands on the text as it stands."""
    return json.loads(b64decode(value), object_hook=_read)
