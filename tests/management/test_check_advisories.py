"""manage.py check_advisories: what an operator reads."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.lib.test_advisories import HOLE, export, osv  # noqa: F401 (a fixture)


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "requirements.lock"
    path.write_text(
        "# made\nsome_parser==1.4.0 ; python_version > '3' \\\n    --hash=sha256:00\nsound==3.0 \\\n"
    )
    return path


def run(*words: object) -> str:
    out = StringIO()
    try:
        call_command("check_advisories", *map(str, words), stdout=out)
    except CommandError as error:
        return out.getvalue() + f"failed: {error}"
    return out.getvalue()


def test_a_hole_fails_and_names_what_mends_it(osv, lock):  # noqa: F811
    osv.known["some-parser", "1.4.0"] = [HOLE]
    assert run("--url", osv.url, "--lock", lock) == (
        "some-parser 1.4.0: GHSA-aaaa-bbbb-cccc, CVE-2026-0001: A request can stop the server"
        " (fixed in 1.4.2, 2.1)\nfailed: 1 known holes in 1 packages."
    )


def test_no_hole_is_said_with_how_many_were_looked_at(osv, lock):  # noqa: F811
    assert run("--url", f"{osv.url}/", "--lock", lock) == "No known holes in 2 packages.\n"


def test_what_cannot_be_asked_fails(lock):
    assert run("--url", "http://127.0.0.1:9", "--lock", lock).startswith("failed: Not checked. ")


def test_a_file_serves_where_there_is_no_network(lock, tmp_path):
    assert "failed: 1 known holes" in run("--file", export(tmp_path, HOLE), "--lock", lock)


def test_a_lock_that_is_not_there_is_told(tmp_path):
    assert "No such file" in run("--url", "http://127.0.0.1:9", "--lock", tmp_path / "none.lock")
