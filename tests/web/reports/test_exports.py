"""Data export: preview, columns, a download at once, files made in the background."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.reports import columns, exports
from csat.reports.models import Export
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import make_contact
from tests.web.reports.test_reports import page_of, rate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files_of_our_own(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_preview_shows_the_first_rows_of_the_filters(manager: Client) -> None:
    rate(5, contact=make_contact(name="Ana Souza"))
    rate(1, channel="sms", contact=make_contact(name="Li Wei"))
    page = page_of(manager, "channel=sms", "/reports/export/")
    assert "Li Wei" in page
    assert "Ana Souza" not in page


def test_a_download_at_once_has_the_filters_and_the_columns_and_is_audited(manager: Client) -> None:
    rate(5, contact=make_contact(name="Ana Souza"))
    rate(1, channel="sms", contact=make_contact(name="Li Wei"))
    answer = manager.post(
        "/reports/export/now/?channel=sms&column=Contact Name&column=CSAT Score&column=Nonsense"
    )
    assert rows_of(answer) == [{"Contact Name": "Li Wei", "CSAT Score": "1"}]
    assert "attachment" in answer["Content-Disposition"]
    told = Event.objects.get(kind=Kind.AUDIT, data__what="export.made")
    assert told.data["after"]["filters"]["channel"] == ["sms"]


def test_a_download_has_the_separator_that_was_chosen(manager: Client) -> None:
    """cosmocode/dokuwiki-plugin-struct#416, mui/mui-x#3689: a comma is one column in European Excel."""
    rate(5, contact=make_contact(name="Ana Souza"))
    address = "/reports/export/now/?column=Contact Name&column=CSAT Score"
    answer = manager.post(address, {"format": "scsv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["Contact Name;CSAT Score", "Ana Souza;5"]
    assert answer["Content-Disposition"].endswith('.csv"')
    assert manager.post(address, {"format": "xlsx"}).status_code == 404
    page = page_of(manager, "", "/reports/export/")
    assert "CSV, semicolon" in page
    assert "For Excel choose XLSX" in page


def test_all_columns_are_no_choice_in_the_address(manager: Client) -> None:
    query = "&".join(f"column={name}" for name in columns.NAMES)
    answer = manager.get(f"/reports/export/?{query}", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == "/reports/export/?"


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_file_in_the_background_can_be_fetched_when_it_is_ready(
    manager: Client, manager_user: User, format: str
) -> None:
    rate(5)
    manager.post("/reports/export/start/?channel=email", {"format": format})
    export = Export.objects.get(user=manager_user)
    waiting = manager.get(f"/reports/export/{export.uuid}/").content.decode()
    assert "data-hx-trigger" in waiting
    assert "<progress" in waiting
    assert manager.get(f"/reports/export/{export.uuid}/file/").status_code == 404
    exports.run(export.pk)
    ready = manager.get(f"/reports/export/{export.uuid}/").content.decode()
    assert "data-hx-trigger" not in ready
    answer = manager.get(f"/reports/export/{export.uuid}/file/")
    assert b"".join(answer.streaming_content)[:2] == {"csv": b"\xef\xbb", "xlsx": b"PK"}[format]


def test_where_there_is_no_file_a_page_says_so_and_what_to_do(
    manager: Client, admin: Client, manager_user: User
) -> None:
    manager.post("/reports/export/start/?channel=email&column=CSAT Score", {"format": "csv"})
    export = Export.objects.get(user=manager_user)

    def asked(client: Client) -> str:
        answer = client.get(f"/reports/export/{export.uuid}/file/")
        assert answer.status_code == 404
        return answer.content.decode()

    assert "This export is not ready yet" in asked(manager)
    assert "Export not found" in asked(admin)  # it is somebody else's
    exports.run(export.pk)
    export.again().file.delete(save=False)
    assert "channel=email" in asked(manager).split("Export again")[0]  # the same filters
    assert "column=CSAT+Score" in asked(manager)
    Export.objects.update(created_at=timezone.now() - timedelta(days=8))
    exports.expire(timezone.now() - timedelta(days=7))
    assert "Exports are deleted after some days" in asked(manager)


def test_cancel(manager: Client, manager_user: User) -> None:
    manager.post("/reports/export/start/", {"format": "csv"})
    export = Export.objects.get(user=manager_user)
    assert "Cancelled" in manager.post(f"/reports/export/{export.uuid}/cancel/", follow=True).content.decode()
    assert (
        "This export had already ended."
        in manager.post(f"/reports/export/{export.uuid}/cancel/", follow=True).content.decode()
    )


def test_an_unknown_format_is_told(manager: Client) -> None:
    answer = manager.post("/reports/export/start/", {"format": "pdf"}, follow=True)
    assert "There is no such format." in answer.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("path", ["", "file/", "cancel/"])
def test_the_exports_of_others_are_not_there(
    manager: Client, admin: Client, manager_user: User, path: str
) -> None:
    manager.post("/reports/export/start/", {"format": "csv"})
    address = f"/reports/export/{Export.objects.get().uuid}/{path}"
    assert (admin.post(address) if path == "cancel/" else admin.get(address)).status_code == 404


@pytest.mark.parametrize("verb", ["now", "start"])
def test_what_cannot_be_read_is_not_exported(manager: Client, verb: str) -> None:
    assert manager.post(f"/reports/export/{verb}/?from=nonsense", {"format": "csv"}).status_code == 404
    assert manager.get("/reports/export/?from=nonsense").status_code == 422
