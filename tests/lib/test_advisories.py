"""Known holes: asked of a stand-in that answers as OSV documents, page by page and badly."""

import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from csat.lib import advisories
from csat.lib.advisories import CannotAsk
from tests.workers import ROOT

HOLE = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-0001"],
    "summary": "A request can stop the server",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Some_Parser"},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [
                        {"introduced": "0"},
                        {"fixed": "1.4.2"},
                        {"introduced": "2.0"},
                        {"fixed": "2.1"},
                    ],
                }
            ],
            "versions": ["1.4.1.post1"],
        }
    ],
}
OTHER = HOLE | {"id": "PYSEC-2026-7", "aliases": [], "summary": "", "details": "Reads too far.\nMore."}


class Osv:
    """`POST /v1/querybatch` gives one id a page; `GET /v1/vulns/<id>` the record."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.asked: list[dict[str, Any]] = []
        self.broken: Callable[[], tuple[int, bytes]] | None = None

    def batch(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked += body["queries"]
        return {"results": [self.result(query) for query in body["queries"]]}

    def result(self, query: dict[str, Any]) -> dict[str, Any]:
        assert query["package"]["ecosystem"] == "PyPI"
        records = self.known.get((query["package"]["name"], query["version"]), [])
        page = int(query.get("page_token", "0"))
        shown = [
            {"id": record["id"], "modified": "2026-01-01T00:00:00Z"} for record in records[page : page + 1]
        ]
        more = {"next_page_token": str(page + 1)} if page + 1 < len(records) else {}
        return ({"vulns": shown} if shown else {}) | more

    def record(self, id: str) -> dict[str, Any]:
        return next(record for records in self.known.values() for record in records if record["id"] == id)


@pytest.fixture
def osv() -> Iterator[Any]:
    database = Osv()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(database.batch(body))

        def do_GET(self) -> None:
            self.answer(database.record(self.path.rpartition("/")[2]))

        def answer(self, body: dict[str, Any]) -> None:
            status, content = database.broken() if database.broken else (200, json.dumps(body).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        database.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        yield database
        server.shutdown()


def test_every_locked_package_is_known_by_its_name_and_version():
    packages = advisories.locked_packages(ROOT / "requirements.lock")
    assert packages["django"] == "5.2.19"
    text = (ROOT / "requirements.lock").read_text()
    assert len(packages) == len(re.findall(r"(?m)^[a-z0-9]", text))
    assert not any("_" in name or name != name.lower() for name in packages)


def test_holes_are_told_with_their_names_and_the_versions_that_mend_them(osv):
    osv.known["some-parser", "1.4.0"] = [HOLE]
    (advisory,) = advisories.ask({"some-parser": "1.4.0", "sound": "3.0"}, base_url=osv.url)
    assert advisory == advisories.Advisory(
        "some-parser",
        "1.4.0",
        "GHSA-aaaa-bbbb-cccc",
        ("CVE-2026-0001",),
        "A request can stop the server",
        ("1.4.2", "2.1"),
    )


def test_further_pages_are_asked_of_their_package_alone(osv):
    osv.known["some-parser", "1.4.0"] = [HOLE, OTHER]
    found = advisories.ask({"some-parser": "1.4.0", "sound": "3.0"}, base_url=osv.url)
    assert [advisory.id for advisory in found] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-7"]
    assert found[1].summary == "Reads too far."
    assert [query["package"]["name"] for query in osv.asked] == ["some-parser", "sound", "some-parser"]


def test_names_and_versions_are_all_that_is_sent(osv):
    advisories.ask({"sound": "3.0"}, base_url=osv.url)
    assert osv.asked == [{"package": {"name": "sound", "ecosystem": "PyPI"}, "version": "3.0"}]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((503, b"busy"), "answered 503: busy"),
        ((200, b"<html>"), "did not answer with JSON"),
        ((200, b"[]"), "did not answer with an object"),
        ((200, b'{"results": []}'), "answered 0 of 1 questions"),
    ],
)
def test_an_answer_that_is_none_is_told_and_never_taken_for_no_holes(osv, answer, words):
    osv.broken = lambda: answer
    with pytest.raises(CannotAsk, match=words):
        advisories.ask({"sound": "3.0"}, base_url=osv.url)


def test_without_a_network_it_says_so():
    with pytest.raises(CannotAsk, match="cannot be reached"):
        advisories.ask({"sound": "3.0"}, base_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("version", "has_it"),
    [("1.4.1", True), ("1.4.2", False), ("1.4.1.post1", True), ("2.0", True), ("2.1", False), ("1.9", False)],
)
def test_the_export_is_read_by_osvs_rule_of_ranges(tmp_path, version, has_it):
    found = advisories.read_export({"some-parser": version}, export(tmp_path, HOLE))
    assert bool(found) == has_it


def test_a_range_may_end_with_its_last_affected_version(tmp_path):
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"last_affected": "1.5"}]}]
    record = HOLE | {"affected": [{"package": {"ecosystem": "PyPI", "name": "sound"}, "ranges": ranges}]}
    path = export(tmp_path, record)
    assert [bool(advisories.read_export({"sound": v}, path)) for v in ("0.9", "1.5", "1.6")] == [
        False,
        True,
        False,
    ]


def test_what_was_withdrawn_or_is_of_another_ecosystem_is_no_hole(tmp_path):
    npm = HOLE | {
        "affected": [{"package": {"ecosystem": "npm", "name": "some-parser"}, "versions": ["1.4.0"]}]
    }
    path = export(tmp_path, HOLE | {"withdrawn": "2026-02-01T00:00:00Z"}, npm)
    assert advisories.read_export({"some-parser": "1.4.0"}, path) == []


def test_a_file_that_is_no_export_is_told(tmp_path):
    (tmp_path / "all.zip").write_text("nothing")
    with pytest.raises(CannotAsk, match="is no export of OSV"):
        advisories.read_export({"sound": "1"}, tmp_path / "all.zip")


def export(folder: Path, *records: dict[str, Any]) -> Path:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for number, record in enumerate(records):
            archive.writestr(f"{number}.json", json.dumps(record))
    return folder / "all.zip"
