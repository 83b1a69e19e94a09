"""Run by test_ninth_channel.py where the pager is a channel: it goes wherever a channel goes."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.people import suppression
from csat.people.models import Contact
from csat.sessions import resolving
from csat.surveys.delivery import sending
from csat.surveys.models import Answer, Delivery, Score, Survey
from tests.api.conftest import Machine, api  # noqa: F401 (a fixture)
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on
from tests.web.settings.test_csat import HTMX, PAGE, as_it_is

pytestmark = pytest.mark.django_db


def carrier(**details: Any) -> Contact:
    return make_contact(custom_data={"pager": "4711"}, **details)


def asked() -> Survey:
    """A survey that went out by pager."""
    switch_on("pager")
    survey: Survey = make_resolved_session("pager", contact=carrier()).survey
    sending.send_due()
    return survey.again()


def told(what: str = "replied", text: str = "", key: str = "secret") -> int:
    body = {"what": what, "from": "4711", "text": text, "id": f"{what} {text}"}
    answer = Client().post(
        "/callbacks/pager", body, content_type="application/json", headers={"X-Pager-Key": key}
    )
    return int(answer.status_code)


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


class TestWithoutAMigration:
    def test_the_system_checks_pass(self) -> None:
        call_command("check", fail_level="WARNING")

    def test_no_column_knows_its_name(self, capsys: Any) -> None:
        call_command("makemigrations", dry_run=True, verbosity=3)
        assert "pager" not in capsys.readouterr().out.lower()


class TestSettings:
    def test_the_screen_shows_it_with_all_it_says_of_itself(self, manager: Client) -> None:
        row = shown(manager, PAGE).split('id="channel-pager"')[1].split("</li>")[0]
        for words in (
            "Pager",
            "a few characters with a rating link",
            "Buy a transmitter.",
            "Pager number",
            'cx="9" cy="9" r="9"',
        ):
            assert words in row

    def test_it_is_previewed(self, manager: Client) -> None:
        preview = manager.post(
            f"{PAGE}preview/pager/", as_it_is(message_default="Hi {contact_name}!"), headers=HTMX
        )
        assert "Hi Ana Souza!" in preview.content.decode()

    def test_a_test_message_goes_to_a_number_of_its_own_kind(self, manager: Client) -> None:
        answer = manager.post(f"{PAGE}test/pager/", {"test_to_pager": "112"}, headers=HTMX)
        assert answer.status_code == 200
        assert SandboxMessage.objects.get().to == "112"

    def test_the_dry_run_knows_who_can_be_reached(self, manager: Client) -> None:
        for contact in (carrier(), carrier(), make_contact(email="", phone="")):
            make_resolved_session("pager", contact=contact)
        typed = as_it_is(auto_send="on", channel_pager="on")
        words = " ".join(manager.post(f"{PAGE}dry-run/", typed, headers=HTMX).content.decode().split())
        assert "2 customers asked" in words
        assert "1 skipped (no address 1)" in words

    def test_the_api_switches_it_on(self, api: Machine) -> None:  # noqa: F811
        answer = api.patch("/csat/settings", {"channels": {"pager": {"enabled": True}}})
        assert answer.json()["channels"]["pager"] == {"enabled": True}


class TestAsking:
    def test_it_goes_out_to_the_number_in_the_custom_data(self) -> None:
        delivery = asked().deliveries.get()
        assert (delivery.channel, delivery.medium, delivery.address, delivery.state) == (
            "pager",
            "pager",
            "4711",
            "sent",
        )
        assert delivery.get_medium_display() == "Pager"

    def test_who_carries_none_gets_a_mail(self) -> None:
        switch_on("pager")
        survey = make_resolved_session("pager").survey
        sending.send_due()
        assert survey.deliveries.get(state="sent").channel == "email"

    def test_a_machine_asks_by_it(self, api: Machine) -> None:  # noqa: F811
        switch_on("pager", auto_send=False)
        session = make_resolved_session("email", contact=carrier())
        asked = api.post("/csat/requests", {"session_id": str(session.uuid), "channel": "pager"})
        sending.send_due()
        assert api.get(f"/csat/requests/{asked.json()['id']}").json()["delivered_via"] == "pager"

    def test_a_colleague_may_choose_it_for_a_conversation_by_mail(self, agent: Client) -> None:
        session = make_session("email", contact=carrier())
        resolving.resolve(session, by=API, ask=False)
        page = shown(agent, f"/inbox/{session.uuid}/")
        assert re.search(r'<option value="pager"\s*>\s*Pager\s*</option>', page)

    def test_lists_and_pages_show_it(self, agent: Client) -> None:
        survey = asked()
        for address in ("/inbox/", "/inbox/?channel=pager", f"/inbox/{survey.session.uuid}/", "/outbox/"):
            page = shown(agent, address)
            assert "Pager" in page, address
            assert 'cx="9" cy="9" r="9"' in page, address
        assert "HOW WAS IT" in shown(agent, f"/outbox/{SandboxMessage.objects.get().uuid}/")

    def test_the_admin_lists_and_opens_its_rows(self, admin: Client) -> None:
        survey = asked()
        delivery = survey.deliveries.get()
        told("opted_out")
        for address in (
            "delivery",
            f"delivery/{delivery.pk}/change",
            "sandboxmessage",
            "survey",
            "suppression",
            "csatsettings",
        ):
            shown(admin, admin.get(f"/admin/csat/{address}/", follow=True).request["PATH_INFO"])
        assert "Pager" in shown(admin, "/admin/csat/delivery/?medium__exact=pager")
        assert "Pager" in shown(admin, "/admin/csat/suppression/")


class TestAnswering:
    def test_a_reply_is_an_answer_from_there(self, agent: Client) -> None:
        survey = asked()
        assert told(text="5 great") == 204
        answer = Answer.objects.get()
        assert (answer.score, answer.comment, answer.source, answer.get_source_display()) == (
            5,
            "great",
            "pager",
            "Pager",
        )
        assert "Pager" in shown(agent, f"/inbox/{survey.session.uuid}/")

    def test_a_comment_may_follow(self) -> None:
        asked()
        told(text="2")
        told(text="the parcel never came")
        assert Answer.objects.latest("revision").comment == "the parcel never came"

    def test_a_stranger_is_not_believed(self) -> None:
        asked()
        assert told(text="5", key="guessed") == 403
        assert not Answer.objects.exists()

    def test_a_stop_closes_the_number(self) -> None:
        asked()
        told("opted_out", "STOP")
        assert suppression.is_suppressed("pager", "4711")
        second: Survey = make_resolved_session("pager", contact=carrier(email="")).survey
        sending.send_due()
        assert not Delivery.objects.filter(survey=second, state="sent").exists()

    def test_a_machine_hands_one_in_as_from_there(self, api: Machine) -> None:  # noqa: F811
        told = {"session_id": str(asked().session.uuid), "score": 4, "source": "pager"}
        assert api.post("/csat/scores", told).status_code == 201
        assert Score.objects.get().source == "pager"


class TestReporting:
    def test_reports_and_exports_are_filtered_by_it(self, manager: Client) -> None:
        asked()
        told(text="5 great")
        assert '<option value="pager" selected>Pager</option>' in shown(manager, "/reports/?channel=pager")
        export: Any = manager.post("/reports/export/now/?channel=pager")
        rows = list(csv.DictReader(io.StringIO(b"".join(export.streaming_content).decode("utf-8-sig"))))
        assert [(row["Channel"], row["CSAT Score"], row["CSAT Source"]) for row in rows] == [
            ("pager", "5", "pager")
        ]
