"""Every address of the application and what each persona finds there. An address that is not in the table
fails the run.
"""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from csat.api import urls as api_urls
from csat.api.openapi import views
from csat.channels.outbox import SandboxMessage
from csat.connectors.models import Connection, InboundEvent
from csat.people import brands, invitations
from csat.people.models import Team
from csat.surveys import links
from csat.timeline.recording import SYSTEM
from csat.webhooks.models import Endpoint
from csat.workflows import editing
from tests.factories import make_sent_survey
from tests.tokens import rate_token, unsubscribe_token

pytestmark = pytest.mark.one_database
PERSONAS = ("customer", "agent", "lead", "analyst", "manager", "admin", "outsider")
NOBODY = "00000000-0000-4000-8000-000000000000"

# the usual kinds of page: anonymous, agent, team lead, analyst, manager, admin, outsider
STAFF = (302, 200, 200, 200, 200, 200, 403)
WORKERS = (302, 200, 200, 403, 200, 200, 403)  # all but analysts
AGENTS = (302, 200, 200, 403, 403, 403, 403)
REPORTED_TO = (302, 403, 200, 200, 200, 200, 403)
MANAGERS = (302, 403, 403, 403, 200, 200, 403)
ADMINS = (302, 403, 403, 403, 403, 200, 403)
LEADS_AND_ADMINS = (302, 403, 200, 403, 403, 200, 403)
GONE_STAFF = (302, 404, 404, 404, 404, 404, 403)  # of a row that does not exist
GONE_WORKERS = (302, 404, 404, 403, 404, 404, 403)
GONE_AGENTS = (302, 404, 404, 403, 403, 403, 403)
GONE_REPORTED_TO = (302, 403, 404, 404, 404, 404, 403)
GONE_MANAGERS = (302, 403, 403, 403, 404, 404, 403)
GONE_ADMINS = (302, 403, 403, 403, 403, 404, 403)
POST_WORKERS = (302, 405, 405, 403, 405, 405, 403)  # a GET of what only takes POST
POST_REPORTED_TO = (302, 403, 405, 405, 405, 405, 403)
POST_MANAGERS = (302, 403, 403, 403, 405, 405, 403)
POST_LEADS_AND_MANAGERS = (302, 403, 405, 403, 405, 405, 403)
POST_ADMINS = (302, 403, 403, 403, 403, 405, 403)
PUBLIC = (200,) * 7
UNKNOWN = (404,) * 7  # a public page whose token nobody has
POST_PUBLIC = (405,) * 7
MACHINES = (401,) * 7
LOGGED_IN = (302, *(200,) * 6)  # with a role or without
GONE_LOGGED_IN = (302, *(404,) * 6)
POST_LOGGED_IN = (302, *(405,) * 6)

PASSWORD_PAGES = ("password/reset/", "password/reset/sent/", "password/reset/done/", "inactive/")
ACCOUNT_PAGES = (
    "password/", "confirm/", "confirm/login/", "second-factor/", "second-factor/app/",
    "second-factor/recovery-codes/new/", "second-factor/passkeys/new/", "sessions/",
)  # fmt: skip
LEADING_ELSEWHERE = (
    "confirm/code/", "confirm/passkey/", "second-factor/code/", "second-factor/passkeys/",
    "second-factor/passkeys/login/",
)  # fmt: skip
FACTORS_OF_NOBODY = (
    "second-factor/app/remove/", "second-factor/recovery-codes/", "second-factor/recovery-codes/file/",
)  # fmt: skip

API = [route for module in api_urls.MODULES if module is not views for route, _view in module.routes]


def _with_id(route: str) -> str:
    return re.sub("<(?:id|slug):[a-z_]+>", NOBODY, route)


# route as Django has it, an address of it, GET by each persona
TABLE: list[tuple[str, str, tuple[int, ...]]] = [
    # coming in
    ("", "/", (302,) * 7),
    ("login/", "/login/", (200, 302, 302, 302, 302, 302, 200)),
    ("logout/", "/logout/", POST_PUBLIC),
    ("welcome/", "/welcome/", (302,) * 7),  # to the login, since somebody has an account
    ("csp-report", "/csp-report", POST_PUBLIC),
    # accounts
    *[(f"account/{page}", f"/account/{page}", PUBLIC) for page in PASSWORD_PAGES],
    (
        "account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        "/account/password/reset/key/1-nonsense/",
        PUBLIC,
    ),
    *[(f"account/{page}", f"/account/{page}", LOGGED_IN) for page in ACCOUNT_PAGES],
    *[(f"account/{page}", f"/account/{page}", (302,) * 7) for page in LEADING_ELSEWHERE],
    *[(f"account/{page}", f"/account/{page}", GONE_LOGGED_IN) for page in FACTORS_OF_NOBODY],
    *[
        (
            f"account/second-factor/passkeys/<int:pk>/{end}",
            f"/account/second-factor/passkeys/1/{end}",
            GONE_LOGGED_IN,
        )
        for end in ("", "remove/")
    ],
    *[  # without an identity provider there is none of them: tests/web/account/test_single_sign_on.py
        (f"account/single-sign-on/{page}", f"/account/single-sign-on/{page}", UNKNOWN)
        for page in ("", "unlink/", "begin/", "callback/", "confirm/")
    ],
    ("account/break-glass/<str:token>/", "/account/break-glass/nonsense/", UNKNOWN),
    ("account/sessions/end/", "/account/sessions/end/", POST_LOGGED_IN),
    ("account/sessions/<int:pk>/end/", "/account/sessions/1/end/", POST_LOGGED_IN),
    ("invite/<slug:token>/", "/invite/{invitation}/", PUBLIC),
    ("invite/<slug:token>/", "/invite/nonsense/", UNKNOWN),
    ("profile/", "/profile/", STAFF),
    ("profile/email/", "/profile/email/", (302, 405, 405, 405, 405, 405, 403)),
    ("profile/email/again/", "/profile/email/again/", (302, 405, 405, 405, 405, 405, 403)),
    ("profile/email/cancel/", "/profile/email/cancel/", (302, 405, 405, 405, 405, 405, 403)),
    ("profile/email/<str:token>/", "/profile/email/nonsense/", (302, 302, 302, 302, 302, 302, 403)),
    # the team's side
    ("inbox/", "/inbox/", STAFF),
    ("inbox/<uuid:uuid>/", "/inbox/{session}/", STAFF),
    ("inbox/<uuid:uuid>/", f"/inbox/{NOBODY}/", GONE_STAFF),
    ("checklist/<slug:name>/", "/checklist/survey/", POST_ADMINS),
    ("checklist/<slug:name>/", "/checklist/nonsense/", (302, 404, 404, 404, 404, 404, 403)),
    ("inbox/practice/", "/inbox/practice/", POST_WORKERS),
    ("inbox/<uuid:uuid>/remove-practice/", "/inbox/{session}/remove-practice/", POST_WORKERS),
    ("inbox/<uuid:uuid>/link/", "/inbox/{session}/link/", POST_WORKERS),
    ("inbox/<uuid:uuid>/<slug:name>/", "/inbox/{session}/resolve/", POST_WORKERS),
    ("contacts/", "/contacts/", STAFF),
    ("contacts/<uuid:uuid>/", "/contacts/{contact}/", STAFF),
    ("contacts/<uuid:uuid>/", f"/contacts/{NOBODY}/", GONE_STAFF),
    ("contacts/<uuid:uuid>/data/", "/contacts/{contact}/data/", POST_MANAGERS),
    ("contacts/<uuid:uuid>/<slug:name>/", "/contacts/{contact}/erase/", POST_MANAGERS),
    ("outbox/", "/outbox/", WORKERS),
    ("outbox/<uuid:uuid>/", "/outbox/{mail}/", WORKERS),
    ("outbox/<uuid:uuid>/", f"/outbox/{NOBODY}/", GONE_WORKERS),
    ("outbox/<uuid:uuid>/mail/", "/outbox/{mail}/mail/", WORKERS),
    ("my-scores/", "/my-scores/", AGENTS),
    ("my-scores/sessions/", "/my-scores/sessions/", GONE_AGENTS),  # Sam is no agent yet
    ("reports/", "/reports/", REPORTED_TO),
    ("reports/sessions/", "/reports/sessions/", REPORTED_TO),
    ("reports/views/", "/reports/views/", POST_REPORTED_TO),
    ("reports/views/<uuid:uuid>/rename/", f"/reports/views/{NOBODY}/rename/", POST_REPORTED_TO),
    ("reports/views/<uuid:uuid>/delete/", f"/reports/views/{NOBODY}/delete/", POST_REPORTED_TO),
    ("reports/views/<uuid:uuid>/send/", f"/reports/views/{NOBODY}/send/", GONE_REPORTED_TO),
    ("reports/views/<uuid:uuid>/share/", f"/reports/views/{NOBODY}/share/", GONE_REPORTED_TO),
    ("reports/shares/<uuid:uuid>/revoke/", f"/reports/shares/{NOBODY}/revoke/", POST_REPORTED_TO),
    ("share/<str:token>/", "/share/nonsense/", UNKNOWN),
    ("share/<str:token>/wall/", "/share/nonsense/wall/", UNKNOWN),
    ("reports/notes/", "/reports/notes/", POST_LEADS_AND_MANAGERS),
    ("reports/notes/<uuid:uuid>/remove/", f"/reports/notes/{NOBODY}/remove/", POST_LEADS_AND_MANAGERS),
    ("reports/targets/", "/reports/targets/", MANAGERS),
    ("reports/sent/", "/reports/sent/", REPORTED_TO),
    ("reports/sent/<uuid:uuid>/stop/", f"/reports/sent/{NOBODY}/stop/", POST_REPORTED_TO),
    ("digests/stop/<str:token>/", "/digests/stop/nonsense/", UNKNOWN),
    ("reports/export/", "/reports/export/", REPORTED_TO),
    *[(f"reports/export/{verb}/", f"/reports/export/{verb}/", POST_REPORTED_TO) for verb in ("now", "start")],
    ("reports/export/<uuid:uuid>/", f"/reports/export/{NOBODY}/", GONE_REPORTED_TO),
    ("reports/export/<uuid:uuid>/cancel/", f"/reports/export/{NOBODY}/cancel/", POST_REPORTED_TO),
    ("reports/export/<uuid:uuid>/file/", f"/reports/export/{NOBODY}/file/", GONE_REPORTED_TO),
    ("workflows/", "/workflows/", MANAGERS),
    ("workflows/new/", "/workflows/new/", POST_MANAGERS),
    ("workflows/<uuid:uuid>/", "/workflows/{workflow}/", MANAGERS),
    ("workflows/<uuid:uuid>/", f"/workflows/{NOBODY}/", GONE_MANAGERS),
    ("workflows/<uuid:uuid>/edit/", "/workflows/{workflow}/edit/", POST_MANAGERS),
    ("workflows/<uuid:uuid>/runs/", "/workflows/{workflow}/runs/", MANAGERS),
    ("workflows/<uuid:uuid>/runs/<uuid:run_id>/", f"/workflows/{{workflow}}/runs/{NOBODY}/", GONE_MANAGERS),
    (
        "workflows/<uuid:uuid>/runs/<uuid:run_id>/retry/",
        f"/workflows/{{workflow}}/runs/{NOBODY}/retry/",
        POST_MANAGERS,
    ),
    ("workflows/<uuid:uuid>/<slug:name>/", "/workflows/{workflow}/activate/", POST_MANAGERS),
    # the customer's side
    ("r/<link_token:token>", "/r/{rate}", PUBLIC),
    ("r/<link_token:token>", "/r/nonsense", UNKNOWN),
    ("u/<link_token:token>", "/u/{stop}", PUBLIC),
    ("u/<link_token:token>", "/u/nonsense", UNKNOWN),
    ("widget/csat.js", "/widget/csat.js", PUBLIC),
    ("widget/state/<str:token>", "/widget/state/{widget}", PUBLIC),
    ("widget/state/<str:token>", "/widget/state/nonsense", UNKNOWN),
    ("widget/card/<str:token>", "/widget/card/nonsense", UNKNOWN),
    ("widget/card/<str:token>/shown", "/widget/card/{widget}/shown", POST_PUBLIC),
    ("brand-<slug:colour_and_digest>.css", "/brand-2f5fd0-0123456789ab.css", PUBLIC),
    ("media/brand/<str:name>", "/media/brand/nothing.png", UNKNOWN),
    ("demo/hook/", "/demo/hook/", POST_PUBLIC),
    ("demo/chat/", "/demo/chat/", UNKNOWN),  # until bin/run names this machine's other name in WIDGET_ORIGINS
    ("demo/chat/<slug:act>", "/demo/chat/start", POST_PUBLIC),
    ("demo/chat/<str:name>", "/demo/chat/chat.css", UNKNOWN),
    # settings
    ("settings/", "/settings/", (302, 403, 403, 403, 302, 302, 403)),
    ("settings/csat/", "/settings/csat/", MANAGERS),
    ("settings/csat/dry-run/", "/settings/csat/dry-run/", POST_MANAGERS),
    ("settings/csat/hours/copy/", "/settings/csat/hours/copy/", POST_MANAGERS),
    ("settings/csat/preview/", "/settings/csat/preview/", POST_MANAGERS),
    ("settings/csat/preview/<slug:kind>/", "/settings/csat/preview/sms/", POST_MANAGERS),
    ("settings/csat/preview/<slug:kind>/mail/", "/settings/csat/preview/email/mail/", MANAGERS),
    ("settings/csat/test/<slug:kind>/", "/settings/csat/test/sms/", POST_MANAGERS),
    ("settings/csat/sending/", "/settings/csat/sending/", (302, 403, 403, 403, 302, 302, 403)),
    *[
        (f"settings/csat/{verb}/", f"/settings/csat/{verb}/", POST_MANAGERS)
        for verb in ("pause", "resume", "release", "resend", "resend/run")
    ],
    *[
        (f"settings/csat/{verb}/<slug:kind>/", f"/settings/csat/{verb}/sms/", POST_MANAGERS)
        for verb in ("pause", "resume", "try")
    ],
    ("settings/people/", "/settings/people/", LEADS_AND_ADMINS),
    ("settings/people/invite/", "/settings/people/invite/", LEADS_AND_ADMINS),
    ("settings/people/second-factor/", "/settings/people/second-factor/", POST_ADMINS),
    (
        "settings/people/invitations/<uuid:uuid>/<slug:name>/",
        f"/settings/people/invitations/{NOBODY}/resend/",
        (302, 403, 405, 403, 403, 405, 403),
    ),
    ("settings/people/<int:pk>/", "/settings/people/4711/", GONE_ADMINS),
    ("settings/people/<int:pk>/<slug:name>/", "/settings/people/4711/deactivate/", POST_ADMINS),
    ("settings/retention/", "/settings/retention/", MANAGERS),
    ("settings/retention/dry-run/", "/settings/retention/dry-run/", POST_MANAGERS),
    ("settings/retention/save/", "/settings/retention/save/", POST_MANAGERS),
    ("themes/", "/themes/", MANAGERS),
    ("themes/new/", "/themes/new/", POST_MANAGERS),
    ("themes/<uuid:uuid>/", f"/themes/{NOBODY}/", GONE_MANAGERS),
    ("themes/<uuid:uuid>/<slug:name>/", f"/themes/{NOBODY}/merge/", POST_MANAGERS),
    ("settings/brands/", "/settings/brands/", MANAGERS),
    ("settings/brands/new/", "/settings/brands/new/", MANAGERS),
    ("settings/brands/preview/", "/settings/brands/preview/", POST_MANAGERS),
    ("settings/brands/mail/<slug:kind>/", "/settings/brands/mail/email/", MANAGERS),
    ("settings/brands/<uuid:uuid>/", "/settings/brands/{brand}/", MANAGERS),
    ("settings/brands/<uuid:uuid>/", f"/settings/brands/{NOBODY}/", GONE_MANAGERS),
    ("settings/brands/<uuid:uuid>/preview/", f"/settings/brands/{NOBODY}/preview/", POST_MANAGERS),
    ("settings/brands/<uuid:uuid>/test/", f"/settings/brands/{NOBODY}/test/", POST_MANAGERS),
    ("settings/brands/<uuid:uuid>/<slug:name>/", f"/settings/brands/{NOBODY}/archive/", POST_MANAGERS),
    ("settings/api-keys/", "/settings/api-keys/", ADMINS),
    (
        "settings/api-keys/<uuid:uuid>/revoke/",
        f"/settings/api-keys/{NOBODY}/revoke/",
        GONE_ADMINS,
    ),
    (
        "settings/api-keys/<uuid:uuid>/rotate/",
        f"/settings/api-keys/{NOBODY}/rotate/",
        GONE_ADMINS,
    ),
    ("settings/audit/", "/settings/audit/", ADMINS),
    ("settings/audit/export/", "/settings/audit/export/", POST_ADMINS),
    ("settings/system/", "/settings/system/", ADMINS),
    ("settings/connections/", "/settings/connections/", MANAGERS),
    ("settings/connections/file/", "/settings/connections/file/", ADMINS),
    ("settings/connections/file/<uuid:uuid>/", f"/settings/connections/file/{NOBODY}/", GONE_ADMINS),
    *[
        (
            f"settings/connections/file/<uuid:uuid>/{part}/",
            f"/settings/connections/file/{NOBODY}/{part}/",
            GONE_ADMINS,
        )
        for part in ("progress", "refused")
    ],
    (
        "settings/connections/file/<uuid:uuid>/<slug:name>/",
        f"/settings/connections/file/{NOBODY}/start/",
        POST_ADMINS,
    ),
    ("settings/connections/new/<slug:kind>/", "/settings/connections/new/chatwoot/", ADMINS),
    ("settings/connections/<uuid:uuid>/", "/settings/connections/{connection}/", MANAGERS),
    ("settings/connections/<uuid:uuid>/", f"/settings/connections/{NOBODY}/", GONE_MANAGERS),
    *[
        (
            f"settings/connections/<uuid:uuid>/{part}/",
            f"/settings/connections/{{connection}}/{part}/",
            MANAGERS,
        )
        for part in ("status", "events", "rules")
    ],
    (
        "settings/connections/<uuid:uuid>/events/<uuid:event_id>/",
        "/settings/connections/{connection}/events/{event}/",
        ADMINS,
    ),
    (
        "settings/connections/<uuid:uuid>/events/<uuid:event_id>/process/",
        "/settings/connections/{connection}/events/{event}/process/",
        POST_ADMINS,
    ),
    *[
        (
            f"settings/connections/<uuid:uuid>/rules/{verb}/",
            f"/settings/connections/{{connection}}/rules/{verb}/",
            POST_ADMINS,
        )
        for verb in ("dry-run", "mapping")
    ],
    ("settings/connections/<uuid:uuid>/remove/", "/settings/connections/{connection}/remove/", ADMINS),
    (
        "settings/connections/<uuid:uuid>/<slug:name>/",
        "/settings/connections/{connection}/pause/",
        POST_ADMINS,
    ),
    ("settings/webhooks/", "/settings/webhooks/", MANAGERS),
    ("settings/webhooks/<uuid:uuid>/", "/settings/webhooks/{endpoint}/", MANAGERS),
    ("settings/webhooks/<uuid:uuid>/", f"/settings/webhooks/{NOBODY}/", GONE_MANAGERS),
    ("settings/webhooks/<uuid:uuid>/calls/", "/settings/webhooks/{endpoint}/calls/", MANAGERS),
    ("settings/webhooks/<uuid:uuid>/<slug:name>/", "/settings/webhooks/{endpoint}/test/", POST_MANAGERS),
    # machines
    ("connect/<slug:kind>/<slug:token>", "/connect/chatwoot/nonsense", POST_PUBLIC),
    *[
        (f"callbacks/{route}", f"/callbacks/{route}", POST_PUBLIC)
        for route in ("twilio/status", "twilio/inbound", "slack/interactions")
    ],
    ("callbacks/<slug:kind>", "/callbacks/sms", POST_PUBLIC),
    *[
        (
            f"callbacks/email/<slug:esp>/<slug:what>{end}",
            f"/callbacks/email/postmark/inbound{end}",
            POST_PUBLIC,
        )
        for end in ("", "/")
    ],
    ("api/v1/", "/api/v1/", UNKNOWN),
    ("api/v1/<anything:path>", "/api/v1/nonsense", UNKNOWN),
    *[
        (f"api/v1/{page}{end}", f"/api/v1/{page}{end}", PUBLIC)
        for page in ("schema", "docs")
        for end in ("", "/")
    ],
    *[
        (f"api/v1/{route}{end}", f"/api/v1/{_with_id(route)}{end}", MACHINES)
        for route in API
        for end in ("", "/")
    ],
    ("health/live", "/health/live", PUBLIC),
    ("health/ready", "/health/ready", PUBLIC),
    ("api/v1", "/api/v1", UNKNOWN),
    ("metrics", "/metrics", UNKNOWN),  # until METRICS_TOKEN is set
]
ELSEWHERE = ("admin/",)  # Django's own, tested by tests/admin


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def test_every_address_is_in_the_table() -> None:
    known = {route for route, _, _ in TABLE}
    routes = [route for route in _routes(get_resolver().url_patterns) if not route.startswith(ELSEWHERE)]
    assert [route for route in routes if route not in known] == []
    assert sorted(known - set(routes)) == []


@pytest.fixture
def rows(db: None) -> dict[str, object]:
    """What an address may name: one row of each kind, reached through a survey that was sent."""
    care = Team.objects.get_or_create(name="Care")[0]  # the lead's
    session = make_sent_survey(team=care).session
    mail = SandboxMessage.objects.get()
    tokens = {
        "rate": rate_token(session.survey),
        "stop": unsubscribe_token(session.contact),
        "widget": links.widget_token(session)[0],
    }
    endpoint = Endpoint.objects.create(
        url="https://crm.example.com/", events=["csat.requested"], secret="whsec_AA=="
    )
    ids = {
        "session": session.uuid,
        "contact": session.contact.uuid,
        "mail": mail.uuid,
        "endpoint": endpoint.uuid,
    }
    connection = Connection.objects.create(
        kind="chatwoot", digest="0", secrets=Connection().sealed(address="a")
    )
    ids["connection"] = connection.uuid
    ids["event"] = InboundEvent.objects.create(connection=connection, key="0", body="{}", next_try=None).uuid
    ids["workflow"] = editing.create(name="A workflow", by=SYSTEM).uuid
    ids["brand"] = brands.create(by=SYSTEM, slug="zebra", name="Zebra").uuid
    boss = User.objects.create_superuser("boss")
    sent = invitations.invite(
        name="", email="nora@acme.example", role="agent", teams=[], by=boss, organisation="Acme"
    )
    tokens["invitation"] = sent.url.rstrip("/").rpartition("/")[2]
    return {**ids, **tokens}


@pytest.mark.parametrize(("route", "address", "expected"), TABLE, ids=[address for _, address, _ in TABLE])
def test_each_persona_finds_what_is_theirs(
    route: str,
    address: str,
    expected: tuple[int, ...],
    rows: dict[str, object],
    request: pytest.FixtureRequest,
) -> None:
    found, address = [], address.format_map(rows)
    for persona in PERSONAS:
        client: Client = request.getfixturevalue(persona)
        answer = client.get(address)
        found.append(answer.status_code)
        assert answer.headers.get("Content-Security-Policy") or answer.status_code in (301, 302, 405), persona
    assert tuple(found) == expected


def test_the_routes_lead_where_the_table_says() -> None:
    resolver = get_resolver()
    for route, address, _ in TABLE:
        assert resolver.resolve(re.sub("{[a-z]+}", NOBODY, address.split("?")[0])).route == route
