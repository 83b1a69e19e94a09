"""Behind a real pgbouncer in transaction mode, which lends a connection for one transaction only."""

import os
from collections import Counter
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.test import Client

from csat.jobs import Job, enqueue
from csat.surveys.models import Delivery, Score
from csat.timeline.models import Event
from tests import beside_postgres, installations, workers
from tests.factories import make_contact, make_resolved_session, make_sent_survey, switch_on
from tests.flow.test_faults import Browser, served
from tests.installations import Installation
from tests.standins.twilio import TwilioServer
from tests.web.pages import Form

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
POOL = 3  # connections to PostgreSQL: fewer than clients, so that these share them
SURVEYS = 30


def test_pages_are_shown_and_ratings_taken(tmp_path: Path, manager: Client) -> None:
    surveys = [make_sent_survey("sms") for _ in range(12)]
    manager.get("/inbox/")
    cookie = {"Cookie": f"sessionid={manager.cookies[settings.SESSION_COOKIE_NAME].value}"}
    with beside_postgres.pgbouncer(pool=POOL) as url, served(tmp_path, DATABASE_URL=url) as base:
        for survey in surveys:  # more than once each, as statements are prepared from the fifth time on
            browser = Browser(base, survey)
            status, page, _headers = browser.get()
            assert status == 200
            assert browser.post(Form(page).fields | {"score": "4", "gesture": "1"})[0] == 200
        for path in ("/inbox/", "/reports/", "/contacts/"):
            with urlopen(Request(base + path, headers=cookie), timeout=20) as answer:
                assert answer.url == base + path
    assert Counter(Score.objects.values_list("score", flat=True)) == {4: 12}


@pytest.mark.cluster
def test_a_cluster_sends_each_survey_once() -> None:
    switch_on("sms")
    for _ in range(SURVEYS):
        make_resolved_session("sms")
    with TwilioServer() as twilio, beside_postgres.pgbouncer(pool=POOL) as url:
        with workers.cluster(DATABASE_URL=url, **twilio.env):
            for _ in range(4):
                enqueue(Job.SEND_DUE)
            sent = Delivery.objects.filter(state="sent")
            assert workers.wait_for(lambda: sent.count() == SURVEYS, seconds=60)
        assert len(twilio.messages) == SURVEYS
    told = Counter(Event.objects.filter(kind="csat.requested").values_list("session_id", flat=True))
    assert set(told.values()) == {1}
    assert len(told) == SURVEYS


def test_migrating_again_changes_nothing_and_long_tables_are_read_in_pieces(tmp_path: Path) -> None:
    for _ in range(5):
        make_contact()
    with beside_postgres.pgbouncer(pool=POOL) as url:
        behind = Installation(url, tmp_path)
        assert "No migrations to apply." in behind.manage("migrate")
        assert "The database matches this version." in behind.manage("version")
        assert behind.ask("len(list(Contact.objects.iterator(chunk_size=2)))") == 5


@pytest.mark.slow
@pytest.mark.skipif("CSAT_LONG" not in os.environ, reason="every migration once more: bin/bench --long")
def test_an_empty_database_is_migrated_as_the_guide_says(tmp_path: Path) -> None:
    with installations.empty(tmp_path / "new") as new, beside_postgres.pgbouncer(pool=POOL) as url:
        server, _slash, options = url.partition("?")
        name = new.database_url.rpartition("/")[2]
        behind = Installation(f"{server.rpartition('/')[0]}/{name}?{options}", new.folder)
        behind.manage("migrate", "-v0")
        assert "The database matches this version." in behind.manage("version")
        assert new.query("SELECT count(*) FROM csat_csatsettings") == [(0,)]
