"""The walk: every page that a customer, an agent, a manager and an admin meet, with something on each."""

from datetime import timedelta

from django.contrib.auth.models import User

from csat.channels.outbox import SandboxMessage
from csat.connectors import connections
from csat.connectors.models import InboundEvent
from csat.people import brands, invitations, keys, memberships, roles
from csat.people.models import Team
from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.delivery import sending
from csat.surveys.models import CsatSettings, Survey
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.workflows import editing, examples
from tests.factories import API, make_agent, make_contact, make_sent_survey, make_session, switch_on
from tests.tokens import rate_token, unsubscribe_token

REPORTS = ("agent", "handoff_reason", "low", "comments")  # the other tabs are tables of one of these kinds
ACCOUNT = tuple(
    f"/account/{page}/"
    for page in (
        "password", "password/reset", "password/reset/sent", "password/reset/done", "password/reset/key/1-x",
        "inactive", "confirm", "confirm/login", "second-factor", "second-factor/app",
        "second-factor/passkeys/new", "second-factor/recovery-codes/new", "sessions",
    )
)  # fmt: skip


def customers_pages() -> list[str]:
    """Rating page, card and *stop asking me* in each of their states."""
    CsatSettings.objects.update(ask_about=True, custom_message={"default": "Hi {contact_name}\nHow was it?"})
    asked, low = make_sent_survey(), _rated(1, comment="")
    rated, expired, withdrawn = _rated(5, comment="Quick\n& kind"), make_sent_survey(), make_sent_survey()
    expired.change(state="expired")
    resolving.reopen(withdrawn.session, by=API)
    stop = f"/u/{unsubscribe_token(asked.contact)}"
    pages = [f"/r/{rate_token(asked)}", f"/r/{rate_token(asked)}?score=2", f"/r/{rate_token(asked)}?lang=ar"]
    pages += [f"/r/{rate_token(survey)}" for survey in (low, rated, expired, withdrawn)]
    return [*pages, "/r/unknown", "/r/preview", stop, *_cards()]


def staff_pages(rated: Survey) -> dict[str, list[str]]:
    """By persona."""
    session, contact = rated.session, rated.session.contact
    mail = SandboxMessage.objects.exclude(html="").latest("pk")
    outbox = ["/outbox/", f"/outbox/{mail.uuid}/", f"/outbox/{mail.uuid}/mail/"]
    contacts = ["/contacts/", f"/contacts/{contact.uuid}/"]
    inbox = ["/inbox/", f"/inbox/{session.uuid}/", *contacts, *outbox]
    care = examples.EXAMPLES[1]
    workflow = editing.create(
        name="Care for low scores",
        trigger_type=care.trigger_type,
        trigger_constraints=care.trigger_constraints,
        blocks=list(care.blocks),
        by=SYSTEM,
    )
    endpoint = endpoints.add(url="https://1.1.1.1/hook", events=["csat.requested"], by=SYSTEM)
    reports = [f"/reports/?show={tab}" for tab in REPORTS] + ["/reports/sessions/", "/reports/export/"]
    flows = [f"/workflows/{workflow.uuid}{end}" for end in ("/", "/runs/")]
    webhooks = ["/settings/webhooks/", f"/settings/webhooks/{endpoint.uuid}/"]
    brand = brands.create(slug="zebra", name="Zebra Support", by=SYSTEM)
    looks = [f"/settings/brands/{end}" for end in ("", "new/", f"{brand.uuid}/")]
    desks = connection_pages()
    managers = [*inbox, "/reports/", *reports, "/workflows/", *flows, "/settings/csat/", *webhooks, *looks]
    admins = [*inbox, *security_pages(), *people_pages(), "/settings/csat/", *desks["admin"]]
    return {"agent": inbox, "manager": [*managers, *ACCOUNT, *desks["manager"]], "admin": admins}


def people_pages() -> list[str]:
    """With somebody of every kind in the list, one invited, and one's own profile."""
    sam, boss = (User.objects.create_user(f"{name}-of-the-walk", first_name=name) for name in ("Sam", "Boss"))
    memberships.give_role(sam, roles.AGENT)
    memberships.give_teams(sam, [Team.objects.create(name="Team of the walk")])
    memberships.give_role(boss, roles.ADMIN)
    User.objects.create_user("nobody-of-the-walk", is_active=False)
    sent = invitations.invite(
        name="Nora", email="nora@walk.example", role="agent", teams=[], by=boss, organisation="Acme"
    )
    invitation = "/invite/" + sent.url.rstrip("/").rpartition("/")[2] + "/"
    people = [f"/settings/people/{end}" for end in ("", "invite/", f"{sam.pk}/")]
    return [*people, "/profile/", invitation, "/invite/nonsense/"]


def security_pages() -> list[str]:
    """Keys, one of which was rotated, and the audit log that tells of it."""
    old, _key = keys.create("Helpdesk", scopes=["csat:read"], from_networks=["203.0.113.0/24"], by=API)
    new, _key = keys.rotate(old, keep=timedelta(days=7), by=API)
    return ["/settings/api-keys/", f"/settings/api-keys/{new.uuid}/rotate/", "/settings/audit/"]


def connection_pages(words: str = "Acme desk") -> dict[str, list[str]]:
    """Of a connection with events of every outcome, whose name and sentences are `words`."""
    desk = connections.add(
        kind="chatwoot", name=words[:200], base_url="https://1.1.1.1", account="1", by=SYSTEM
    )
    for outcome in InboundEvent.Outcome.values:
        event = InboundEvent.objects.create(
            connection=desk, key=outcome, event=words[:100], body="{}", outcome=outcome, text=words[:500]
        )
    tool = connections.add(kind="generic", name=words[:200], base_url="https://1.1.1.1", by=SYSTEM)
    connections.pause(tool, reason=words, by=API)
    pages = [f"/settings/connections/{desk.uuid}/{part}" for part in ("", "status/", "events/", "rules/")]
    pages = ["/settings/connections/", *pages, f"/settings/connections/{tool.uuid}/rules/"]
    more = ["new/freshdesk/", f"{desk.uuid}/events/{event.uuid}/", f"{desk.uuid}/remove/"]
    return {"manager": pages, "admin": [*pages, *(f"/settings/connections/{end}" for end in more)]}


def rated_survey() -> Survey:
    """A conversation with a low score and a comment: the page on which the most is shown."""
    return _rated(2, comment="Still broken\nand slow")


def _rated(score: int, *, comment: str) -> Survey:
    survey = make_sent_survey(contact=make_contact(name="Li Wei"), assignee=make_agent())
    answering.answer(survey, score=score, comment=comment, source=Source.PAGE, await_comment=True)
    return survey.again()


def _cards() -> list[str]:
    switch_on("web")
    pages = []
    for score in (None, 1, 4):
        session = make_session("web", assignee=make_agent("Sam"))
        resolving.resolve(session, by=API)
        sending.send_due()
        if score:
            answering.answer(session.survey, score=score, source=Source.CARD, await_comment=True)
        pages.append(f"/widget/card/{links.widget_token(session)[0]}")
    return pages
