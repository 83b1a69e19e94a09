"""/imports: a file of past conversations and ratings, by API."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from csat import tasks
from csat.api import parsers
from csat.connectors import connections
from csat.imports.models import Import
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.models import Score
from tests.api.conftest import Machine, machine
from tests.factories import API, make_sent_survey

pytestmark = pytest.mark.django_db
FILE = (
    "ticket,score,comment,email,date\n1,5,fine,ana@acme.example,2026-01-02\n"
    "2,lovely,,,2026-01-03\n3,2,,,2026-01-04\n"
)


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def post(api: Machine, text: str = FILE, name: str = "past.csv", headers: Any = None, **fields: Any) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return api.client.post("/api/v1/imports", {"file": file, "kind": "generic", **fields}, headers=headers)


def run_all() -> None:
    for pk in Import.objects.values_list("pk", flat=True):
        tasks.import_file(pk)


def test_a_file_is_imported_in_the_background_and_undone(api):
    answer = post(api)
    assert answer.status_code == 202
    source = answer.json()
    assert (source["state"], source["counts"]["new"]) == ("running", 0)
    assert source["mapping"] == {
        "ticket": 1, "score": 2, "comment": 3, "email": 4, "when": 5, "scale": "five", "day_first": False,
    }  # fmt: skip
    run_all()
    source = api.get(f"/imports/{source['id']}").json()
    assert (source["state"], source["progress"], source["total"]) == ("done", 3, 3)
    assert source["counts"] == {"new": 2, "updated": 0, "unchanged": 0, "refused": 1}
    assert [row["row"] for row in source["rejects"]] == [3]
    assert api.get("/imports").json()["items"][0]["id"] == source["id"]
    undone = api.delete(f"/imports/{source['id']}")
    assert (undone.status_code, undone.json()["state"]) == (202, "undoing")
    run_all()
    assert api.get(f"/imports/{source['id']}").json()["state"] == "undone"
    assert not Session.objects.exists()
    assert api.delete(f"/imports/{source['id']}").status_code == 409


def test_a_dry_run_counts_and_stores_nothing(api):
    source = post(api, dry_run="true").json()
    assert source["state"] == "checking"
    run_all()
    source = api.get(f"/imports/{source['id']}").json()
    assert (source["state"], source["counts"]["new"]) == ("ready", 2)
    assert not Session.objects.exists()
    assert api.delete(f"/imports/{source['id']}").json()["state"] == "cancelled"


def test_columns_can_be_named(api):
    text = "a,b\n2026-01-02,9\n"
    refused = post(api, text)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"when", "score"})
    answer = post(api, text, mapping=json.dumps({"when": "a", "score": 2, "scale": "ten"}))
    assert answer.status_code == 202
    run_all()
    assert Score.objects.get().score == 5


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "fax"}, "kind"),
        ({"file": ""}, "file"),
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": '{"stars": 1}'}, "stars"),
        ({"mapping": '{"scale": "eleven"}'}, "scale"),
        ({"file": SimpleUploadedFile("x.csv", b"\0\0\1")}, "file"),
    ],
)
def test_bad_input_is_refused_with_its_field_named_and_nothing_is_kept(api, tmp_path, fields, named):
    answer = post(api, **fields)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [named])
    assert not Import.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_json_and_a_body_too_large_are_refused(api, monkeypatch):
    assert api.post("/imports", {"kind": "generic"}).status_code == 415
    monkeypatch.setattr(parsers, "UPLOAD_LIMIT", 100)
    assert post(api).status_code == 413


def test_the_same_key_imports_the_same_file_once_and_refuses_another(api):
    key = {"Idempotency-Key": "imp-1"}
    first, again = post(api, headers=key), post(api, headers=key)
    assert (first.json()["id"], again["Idempotent-Replayed"]) == (again.json()["id"], "true")
    assert Import.objects.count() == 1
    assert post(api, FILE + "4,5,,,2026-01-05\n", headers=key).status_code == 422


def test_it_has_scopes_of_its_own(db):
    assert post(machine("chat-sessions:write")).status_code == 403
    reader = machine("imports:read")
    assert post(reader).status_code == 403
    assert reader.get("/imports").status_code == 200


def test_a_score_says_whether_it_was_imported_and_the_report_can_leave_it_out(api):
    post(api)
    run_all()
    answering.answer(make_sent_survey("email"), score=4, source="page")
    scores = {score["score"]: score["imported"] for score in api.get("/csat/scores").json()["items"]}
    assert scores == {5: True, 2: True, 4: False}
    year = {"from": "2026-01-01", "to": "2027-01-01"}
    answered = [
        api.get("/csat/report", **year, **only).json()["total"]["answered"]
        for only in ({}, {"imported": "true"}, {"imported": "false"}, {"imported": "True"})
    ]
    assert answered == [3, 2, 1, 2]
    assert api.get("/csat/report", imported="maybe").status_code == 422


def test_a_file_may_belong_to_a_connection(api):
    connection = connections.add(kind="generic", by=API)
    assert post(api, connection_id=str(connection.uuid)).status_code == 202
    run_all()
    assert Session.objects.filter(external_id=f"{connection.uuid}:1").exists()
    refused = post(api, connection_id="00000000-0000-4000-8000-000000000000")
    assert refused.status_code == 404
    assert Import.objects.count() == 1
