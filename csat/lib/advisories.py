"""Known holes of installed packages, as the OSV database names them (https://google.github.io/osv.dev/api/)."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from csat.lib import http
from csat.lib.outcomes import Outcome
from csat.lib.types import JsonObject

OSV = "https://api.osv.dev"
ECOSYSTEM = "PyPI"
BATCH = 500  # queries of one request; OSV takes 1,000
PAGES = 20  # of one package
ANSWER_LIMIT = 16 * 1024 * 1024
PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


class CannotAsk(Exception):
    """The database, or its file, did not answer as it should; says why."""


@dataclass(frozen=True)
class Advisory:
    """One hole in one package. `fixed_in`: versions that have it no more; empty where none is told."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    fixed_in: tuple[str, ...] = ()


def locked_packages(lock: Path) -> dict[str, str]:
    """Version by name, of each package in a lock file of pip."""
    return {_canonical(name): version for name, version in PINNED.findall(lock.read_text())}


def ask(packages: Mapping[str, str], *, base_url: str = OSV) -> list[Advisory]:
    """What OSV knows of these versions. Sends names and versions, and nothing else. Raises CannotAsk."""
    with http.Client() as client:
        found = [
            (package, id)
            for batch in _batches(sorted(packages))
            for package, id in _ids(client, base_url, {name: packages[name] for name in batch})
        ]
        details = {id: _get(client, f"{base_url}/v1/vulns/{id}") for id in {id for _package, id in found}}
    return [_advisory(details[id], package, packages[package]) for package, id in sorted(set(found))]


def read_export(packages: Mapping[str, str], export: Path) -> list[Advisory]:
    """The same from OSV's export of the ecosystem, a zip of JSON files. Raises CannotAsk."""
    try:
        with zipfile.ZipFile(export) as archive:
            records = [
                json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")
            ]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CannotAsk(f"{export} is no export of OSV: {error}") from error
    return [
        _advisory(record, package, packages[package])
        for record in sorted(records, key=lambda record: str(record.get("id")))
        if not record.get("withdrawn")
        for package in sorted(packages)
        if _concerns(record, package, packages[package])
    ]


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]


def _ids(client: http.Client, base_url: str, packages: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Package and advisory, page by page: a page token is asked again for its package alone."""
    queries = [
        {"package": {"name": name, "ecosystem": ECOSYSTEM}, "version": version}
        for name, version in packages.items()
    ]
    for _page in range(PAGES):
        results = _post(client, f"{base_url}/v1/querybatch", {"queries": queries}).get("results")
        if not isinstance(results, list) or len(results) != len(queries):
            raise CannotAsk(f"{base_url} answered {len(results or [])} of {len(queries)} questions.")
        further = []
        for query, result in zip(queries, results, strict=True):
            package: dict[str, str] = query["package"]  # type: ignore[assignment]
            yield from ((package["name"], str(hole["id"])) for hole in (result or {}).get("vulns", []))
            if token := (result or {}).get("next_page_token"):
                further.append(query | {"page_token": token})
        queries = further
        if not queries:
            return
    raise CannotAsk(f"{base_url} has more than {PAGES} pages for {queries[0]['package']}.")


def _post(client: http.Client, url: str, body: JsonObject) -> JsonObject:
    headers = {"Content-Type": "application/json"}
    return _answer(client, "POST", url, content=json.dumps(body).encode(), headers=headers)


def _get(client: http.Client, url: str) -> JsonObject:
    return _answer(client, "GET", url)


def _answer(client: http.Client, method: str, url: str, **more: Any) -> JsonObject:
    try:
        answer = client.request(method, url, body_limit=ANSWER_LIMIT, **more)
        if not answer.ok:
            raise CannotAsk(f"{url} answered {answer.status}: {answer.text[:200]}")
        body = json.loads(answer.body)
    except Outcome as trouble:
        raise CannotAsk(f"{url} cannot be reached: {trouble.text}") from trouble
    except ValueError as error:
        raise CannotAsk(f"{url} did not answer with JSON.") from error
    if not isinstance(body, dict):
        raise CannotAsk(f"{url} did not answer with an object.")
    return body


def _advisory(record: JsonObject, package: str, version: str) -> Advisory:
    return Advisory(
        package,
        version,
        str(record.get("id", "")),
        tuple(map(str, record.get("aliases", []))),
        str(record.get("summary") or record.get("details") or "").strip().partition("\n")[0][:200],
        tuple(_fixes(record, package)),
    )


def _fixes(record: JsonObject, package: str) -> Iterable[str]:
    """Fixed versions of this package, the lowest first."""
    fixed = {
        str(event["fixed"])
        for affected in _of_package(record, package)
        for affected_range in affected.get("ranges", [])
        if affected_range.get("type") == "ECOSYSTEM"
        for event in affected_range.get("events", [])
        if "fixed" in event
    }
    return sorted(fixed, key=_version)


def _concerns(record: JsonObject, package: str, version: str) -> bool:
    return any(
        version in affected.get("versions", [])
        or any(
            _in_range(affected_range, _version(version))
            for affected_range in affected.get("ranges", [])
            if affected_range.get("type") == "ECOSYSTEM"
        )
        for affected in _of_package(record, package)
    )


def _in_range(affected_range: JsonObject, version: Version) -> bool:
    """OSV's rule: events in the order of versions switch the hole on and off."""
    inside = False
    events = affected_range.get("events", [])
    for event in sorted(events, key=lambda event: _version(str(next(iter(event.values()), "")))):
        kind, boundary = next(iter(event.items()), ("", ""))
        if kind == "last_affected":
            inside = inside and version <= _version(str(boundary))
        elif version >= _version(str(boundary)):
            inside = kind == "introduced" if kind in ("introduced", "fixed") else inside
    return inside


def _of_package(record: JsonObject, package: str) -> Iterator[JsonObject]:
    for affected in record.get("affected", []):
        named = affected.get("package", {})
        if named.get("ecosystem") == ECOSYSTEM and _canonical(str(named.get("name"))) == package:
            yield affected


def _version(text: str) -> Version:
    """A version that cannot be read counts as the lowest."""
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
