"""Settings → Connections → From a file."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from csat import tasks
from csat.connectors import connections
from csat.imports.models import Import
from csat.sessions import activity
from csat.sessions.models import Session
from csat.surveys.models import Score
from csat.timeline.recording import SYSTEM

pytestmark = pytest.mark.django_db
PAGE = "/settings/connections/file/"
FILE = "ticket,stars,comment,date\n1,5,fine,3/4/2026\n2,lovely,,3/4/2026\n3,2,<b>no</b>,3/4/2026\n"


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(admin: Client, text: str = FILE, kind: str = "generic") -> Any:
    return admin.post(PAGE, {"kind": kind, "file": SimpleUploadedFile("past.csv", text.encode())})


def address(source: Import, rest: str = "") -> str:
    return f"{PAGE}{source.uuid}/{rest}"


def columns(*fields: str, scale: str = "five", day_first: str = "false") -> dict[str, str]:
    chosen = {f"column-{number}": field for number, field in enumerate(fields, start=1)}
    return chosen | {"scale": scale, "day_first": day_first}


def run(source: Import) -> Import:
    tasks.import_file(source.pk)
    return source.again()


def test_a_file_may_belong_to_a_connection(admin: Client) -> None:
    assert "Conversations of" not in admin.get(PAGE).content.decode()
    connection = connections.add(kind="generic", name="Acme desk", by=SYSTEM)
    assert "Acme desk" in admin.get(PAGE).content.decode()
    file = SimpleUploadedFile("past.csv", FILE.encode())
    admin.post(PAGE, {"kind": "generic", "file": file, "connection": str(connection.uuid)})
    assert Import.objects.get().mapping["connection"] == str(connection.uuid)
    unknown = {"kind": "generic", "file": file, "connection": "00000000-0000-4000-8000-000000000000"}
    assert admin.post(PAGE, unknown).status_code == 422


class TestFromUploadToUndo:
    def test_step_by_step(self, admin: Client, admin_user: Any) -> None:
        answer = upload(admin)
        source = Import.objects.get()
        assert answer["Location"] == address(source)
        assert source.created_by == admin_user
        text = admin.get(address(source)).content.decode()
        assert "&lt;b&gt;no&lt;/b&gt;" in text
        assert "5 → 5, lovely → –, 2 → 2" in " ".join(text.split())

        answer = admin.post(address(source), columns("ticket", "score", "comment", "when", day_first="true"))
        assert answer.status_code == 302
        assert "data-poll" in admin.get(address(source)).content.decode()
        source = run(source)
        text = admin.get(address(source)).content.decode()
        assert "Import 2 rows" in " ".join(text.split())
        assert "not on the scale" in text
        assert not Session.objects.exists()

        admin.post(address(source, "start/"))
        source = run(source)
        assert (source.state, source.new, source.refused) == ("done", 2, 1)
        assert {score.submitted_at.month for score in Score.objects.all()} == {4}
        refused = admin.get(address(source, "refused/"))
        assert b"2,lovely,,3/4/2026,score: " in b"".join(refused.streaming_content)

        session = Session.objects.get(external_id="import:generic:1")
        assert '<span class="tag">imported</span>' in admin.get(f"/inbox/{session.uuid}/").content.decode()
        activity.update(session, by=SYSTEM, sentiment="positive")
        admin.post(address(source, "undo/"))
        source = run(source)
        text = admin.get(address(source)).content.decode()
        assert "1 row was kept" in " ".join(text.split())
        assert f"#{Session.objects.get().pk}" in text
        assert b"past.csv" in admin.get(PAGE).content

    def test_progress_is_polled_and_the_page_is_loaded_anew_at_the_end(self, admin: Client) -> None:
        upload(admin)
        source = Import.objects.get()
        admin.post(address(source), columns("ticket", "score", "comment", "when"))
        answer = admin.get(address(source, "progress/"), headers={"HX-Request": "true"})
        assert b"Checking" in answer.content
        run(source)
        answer = admin.get(address(source, "progress/"), headers={"HX-Request": "true"})
        assert answer["HX-Refresh"] == "true"


class TestRefusing:
    @pytest.mark.parametrize("text", ["", "a,b\n", "\0\0\0"])
    def test_what_is_no_table_is_told_beside_the_file(self, admin: Client, text: str) -> None:
        answer = upload(admin, text)
        assert answer.status_code == 422
        assert b'class="error"' in answer.content
        assert not Import.objects.exists()

    def test_an_unknown_tool(self, admin: Client) -> None:
        assert upload(admin, kind="fax").status_code == 422

    def test_a_column_that_is_missing_is_named_and_nothing_chosen_is_lost(self, admin: Client) -> None:
        upload(admin)
        source = Import.objects.get()
        answer = admin.post(address(source), columns("subject", "", "", "", scale="ten"))
        text = " ".join(answer.content.decode().split())
        assert answer.status_code == 422
        assert "Date of the rating: Choose the column of this." in text
        assert '<option value="subject" selected>' in text
        assert '<option value="ten" selected>' in text
        assert source.again().state == "draft"

    def test_what_cannot_be_done_now_is_told(self, admin: Client) -> None:
        upload(admin)
        source = Import.objects.get()
        answer = admin.post(address(source, "undo/"), follow=True)
        assert b"Nothing was imported" in answer.content
        admin.post(address(source, "cancel/"))
        assert source.again().state == "cancelled"
        answer = admin.post(address(source, "cancel/"), follow=True)
        assert b"already ended" in answer.content
        assert admin.post(address(source, "explode/")).status_code == 404
        assert admin.get(address(source, "refused/")).status_code == 404

    def test_managers_and_agents_have_no_such_page(self, manager: Client, agent: Client) -> None:
        assert upload(manager).status_code == upload(agent).status_code == 403
        assert not Import.objects.exists()
