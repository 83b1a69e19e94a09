"""The sandbox's outbox."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.people import brands
from csat.people.agents import agent_for_user
from csat.surveys.models import CsatSettings
from csat.timeline import dispatching
from csat.workflows import editing, running
from tests.factories import API, make_agent, make_contact, make_resolved_session, make_sent_survey

pytestmark = pytest.mark.django_db


def message_of(client: Client, channel: str) -> str:
    make_sent_survey(channel, contact=make_contact(name="Ana Souza"), assignee=make_agent())
    return client.get(f"/outbox/{SandboxMessage.objects.get().uuid}/").content.decode()


def link() -> str:
    return str(SandboxMessage.objects.get().data["link"])


class TestList:
    def test_it_says_what_to_do_while_nothing_was_sent(self, agent: Client) -> None:
        page = agent.get("/outbox/").content.decode()
        assert "No messages yet" in page
        assert "/inbox/?status=open" in page

    def test_a_message_shows_to_whom_and_what(self, agent: Client) -> None:
        make_sent_survey("sms", contact=make_contact(phone="+351912345678"))
        page = agent.get("/outbox/").content.decode()
        assert "+351912345678" in page
        assert 'aria-label="SMS"' in page

    def test_it_is_in_the_rail_with_its_tag(self, agent: Client) -> None:
        assert '<small class="badge">sandbox</small>' in agent.get("/inbox/").content.decode()

    def test_polling_is_answered_with_nothing_until_a_message_comes(self, agent: Client) -> None:
        make_sent_survey()
        version = agent.get("/outbox/").content.decode().split("?v=")[1].split('"')[0]
        headers = {"HX-Request": "true"}
        assert agent.get(f"/outbox/?v={version}", headers=headers).status_code == 204
        make_sent_survey()
        assert agent.get(f"/outbox/?v={version}", headers=headers).status_code == 200


class TestMessage:
    def test_what_a_workflow_writes_comes_from_the_brand_of_the_conversation(self, manager: Client) -> None:
        brands.create(by=API, slug="zebra", name="Zebra")
        steps = [{"id": "write", "type": "send_message", "params": {"text": "Thank you"}}]
        workflow = editing.create(name="Thanks", by=API, trigger_type="ticket-resolved", blocks=steps)
        editing.activate(workflow, by=API)
        session = make_resolved_session("slack", ask=False, **brands.named("zebra"))
        dispatching.fan_out()
        running.run_due()
        page = manager.get(f"/outbox/{SandboxMessage.objects.get().uuid}/").content.decode()
        assert '<span class="strong">Zebra</span>' in page
        assert f'href="/inbox/{session.uuid}/"' in page

    @pytest.mark.parametrize("channel", ["sms", "phone_voice", "whatsapp"])
    def test_a_text_is_a_bubble_with_a_working_link(self, manager: Client, channel: str) -> None:
        page = message_of(manager, channel)
        assert 'class="speech"' in page
        assert f'href="{link()}"' in page

    def test_a_slack_post_has_its_five_faces_as_links(self, manager: Client) -> None:
        page = message_of(manager, "slack")
        assert all(f'href="{link()}?score={score}"' in page for score in range(1, 6))
        assert "Layla Haddad" in page

    @pytest.mark.parametrize("channel", ["email", "web_voice"])
    def test_a_mail_is_shown_in_a_frame_that_runs_no_script(self, agent: Client, channel: str) -> None:
        page = message_of(agent, channel)
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
        assert "allow-scripts" not in page
        assert "allow-same-origin" not in page

    def test_it_leads_to_its_conversation(self, agent: Client) -> None:
        assert re.search(r"Ana Souza</bdi>\s*</a>", message_of(agent, "email"))


class TestMail:
    def mail(self, client: Client) -> object:
        make_sent_survey("email")
        return client.get(f"/outbox/{SandboxMessage.objects.get().uuid}/mail/")

    def test_it_is_the_mail_itself(self, manager: Client) -> None:
        page = self.mail(manager).content.decode()  # type: ignore[attr-defined]
        assert all(f"{link()}?score={score}" in page for score in range(1, 6))
        assert '<base target="_blank">' in page

    def test_its_policy_allows_its_own_look_and_no_script_at_all(self, agent: Client) -> None:
        policy = self.mail(agent).headers["Content-Security-Policy"]  # type: ignore[attr-defined]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "style-src 'unsafe-inline'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "form-action 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy

    def test_a_text_message_has_none(self, agent: Client) -> None:
        make_sent_survey("sms")
        assert agent.get(f"/outbox/{SandboxMessage.objects.get().uuid}/mail/").status_code == 404


class TestAgents:
    """They see what concerns conversations whose rating they may see, and act for no customer."""

    @pytest.mark.parametrize("channel", ["email", "sms", "slack", "whatsapp", "web_voice"])
    def test_links_lead_nowhere(self, agent: Client, channel: str) -> None:
        make_sent_survey(channel)
        message = SandboxMessage.objects.get()
        token = str(message.data["link"]).rpartition("/")[2]
        for address in ("", f"{message.uuid}/", f"{message.uuid}/mail/"):
            page = agent.get(f"/outbox/{address}").content.decode()
            assert token not in page
            assert not re.search(r"/[ru]/[0-9A-Za-z]{20}", page)

    def test_notices_to_colleagues_are_for_managers(self, agent: Client, manager: Client) -> None:
        """They may quote the comment of anybody's customer."""
        notices.send("email", to="lead@acme.example", subject="Low score", text="Zebra-secret words")
        message = SandboxMessage.objects.get()
        for address in ("", f"{message.uuid}/"):
            assert "Zebra" not in agent.get(f"/outbox/{address}").content.decode()
            assert manager.get(f"/outbox/{address}").status_code == 200
        assert agent.get(f"/outbox/{message.uuid}/").status_code == 404
        assert "lead@acme.example" in manager.get("/outbox/").content.decode()

    def test_a_colleagues_conversations_are_not_there_when_agents_see_their_own_only(
        self, agent: Client, manager: Client, agent_user: User
    ) -> None:
        CsatSettings.objects.update_or_create(pk=1, defaults={"agents_see_own_only": True})
        own = agent_for_user(agent_user)
        theirs = make_sent_survey("sms", contact=make_contact(phone="+351912345670"), assignee=make_agent())
        make_sent_survey("sms", contact=make_contact(phone="+351912345678"), assignee=own)
        page = agent.get("/outbox/").content.decode()
        assert "+351912345678" in page
        assert "+351912345670" not in page
        message = SandboxMessage.objects.get(to=theirs.session.contact.phone)
        assert agent.get(f"/outbox/{message.uuid}/").status_code == 404
        assert manager.get(f"/outbox/{message.uuid}/").status_code == 200
