"""A backup made while everybody works, restored elsewhere: all as it was, nothing sent or told twice."""

import json
import os
import re
import statistics
import threading
import time
from collections import Counter
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from csat.people import erasure, keys
from csat.surveys.answers import answering
from csat.surveys.choices import SurveyState
from csat.surveys.models import Link, Score, Survey
from csat.webhooks import endpoints
from tests import installations, workers
from tests.factories import API, make_resolved_session, switch_on
from tests.standins.listening import Heard, listening
from tests.standins.smtp import SmtpServer

pytestmark = [
    pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600),
    pytest.mark.skipif("CSAT_LONG" not in os.environ, reason="minutes of real processes: bin/bench --long"),
    pytest.mark.usefixtures("shared_database"),
]  # fmt: skip
RATED, UNRATED, LATE = (60, 40, 40) if os.environ.get("CSAT_LONG") else (14, 6, 8)
TOLD = ["csat.requested", "csat.score_submitted"]


def rate(surveys: list[Survey]) -> None:
    """One customer after another, as soon as the mail is there."""
    try:
        for number, survey in enumerate(surveys):
            workers.wait_for(lambda survey=survey: survey.again().state == SurveyState.SENT, seconds=120)
            answering.answer(survey.again(), score=1 + number % 5, source="page", comment=f"Number {number}")
    finally:
        connection.close()


AS_IT_IS = """{
    "scores": sorted(list(Score.objects.values_list("survey__uuid", "score", "comment"))),
    "links": sorted(list(Link.objects.values_list("sha256", flat=True))),
    "sessions": sorted(list(Session.objects.values_list("uuid", flat=True))),
    "submitted": Event.objects.filter(kind="csat.submitted").count(),
    "gone": list(Contact.objects.filter(uuid=%(gone)r).values_list("name", "email", "phone")),
    "api": client.get("/api/v1/csat/scores?limit=200", headers=%(key)r).json(),
    "report": client.get("/api/v1/csat/report", headers=%(key)r).json(),
    "pages": [client.get(link).status_code for link in %(links)r],
}"""
PAGES = "[client.get(link).status_code for link in %r]"
ONE_MORE = (
    "from tests.factories import make_contact, make_resolved_session\n"
    "make_resolved_session('email', contact=make_contact(email='late@customer.example', phone=''))"
)


def test_a_backup_under_load_comes_back_as_it_was_and_nothing_goes_out_twice(
    tmp_path: Path, settings: Any
) -> None:
    settings.ERASURE_JOURNAL, settings.MEDIA_ROOT = str(tmp_path / "erasures.jsonl"), tmp_path / "media"
    folder = tmp_path / "backups"
    with SmtpServer() as smtp, listening() as listener, installations.empty(tmp_path / "new") as new:
        settings.WEBHOOK_ALLOW = [listener.address]
        env = {
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
            "DEFAULT_FROM_EMAIL": "Acme <support@acme.example>",
            "WEBHOOK_ALLOW": listener.address,
            "SECRETS_KEY": settings.SECRETS_KEYS[0],
        }
        endpoints.add(url=listener.url, events=TOLD, by=API)
        _row, key = keys.create("Helpdesk", scopes=["csat:read"], by=API)
        switch_on("email")
        surveys = [make_resolved_session("email").survey for _ in range(RATED + UNRATED)]
        raters = threading.Thread(target=rate, args=(surveys[:RATED],))
        with workers.cluster(**env):
            raters.start()
            assert workers.wait_for(lambda: len(Score.objects.all()) > 2, seconds=120)
            late = [make_resolved_session("email").survey for _ in range(LATE)]  # due while it is made
            call_command("backup", str(folder), stdout=StringIO())
            raters.join()
            with workers.cluster("outward", **env):  # only now: the backup knows of no call
                asked = len(surveys) + len(late)
                assert workers.wait_for(lambda: len(smtp.messages) == asked, seconds=120)
                assert workers.wait_for(lambda: len(facts(listener.heard)) == asked + RATED, seconds=120)
        gone = surveys[0].contact
        erasure.erase(gone, by=API)
        heard = list(listener.heard)
        links = {str(message["To"]): link_in(message) for message in smtp.messages}
        of_gone = next(link for to, link in links.items() if gone.email in to)

        # that database is lost
        said = new.manage("restore", str(folder), "--erasures", settings.ERASURE_JOURNAL)
        assert "1 people who were erased" in said
        open_links = sorted(set(links.values()) - {of_gone})
        bearer = {"Authorization": f"Bearer {key}"}
        known = new.ask(AS_IT_IS % {"gone": str(gone.uuid), "key": bearer, "links": open_links})
        same_as_at_the_backup(known)

        with new.cluster(**env), new.cluster("outward", **env):
            wait_for_sweeps(new)
            assert (len(smtp.messages), len(listener.heard)) == (asked, len(heard))  # held
            new.manage("sending", "release")
            new.manage("shell", "-v0", "-c", ONE_MORE)
            assert workers.wait_for(lambda: len(smtp.messages) > asked, seconds=120)
            told = len(known["scores"]) - 1  # of whom was erased nothing is told any more
            assert workers.wait_for(lambda: len(facts(listener.heard[len(heard) :])) >= told, seconds=120)
            time.sleep(3)  # whatever would go out twice has its chance
        assert set(new.ask(PAGES % open_links)) == {200}  # what was sent since the backup, too
    assert len(smtp.messages) == asked + 1
    assert set(Counter(str(message["Message-ID"]) for message in smtp.messages).values()) == {1}
    assert {len(ids) for ids in facts(listener.heard).values()} == {1}


def link_in(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    match = re.search(r"/r/[\w-]+", body.get_content() if body else "")
    assert match
    return match[0]


def facts(heard: list[Heard]) -> dict[tuple[str, str], set[str]]:
    """By name and conversation, the ids under which it was told."""
    ids: dict[tuple[str, str], set[str]] = {}
    for call in heard:
        body = json.loads(call.body)
        ids.setdefault((body["type"], body["data"]["session_id"]), set()).add(call.headers["webhook-id"])
    return ids


def wait_for_sweeps(new: installations.Installation) -> None:
    """Both clusters have looked for what is due, and had time to send it."""
    before = new.query("SELECT name, at FROM csat_heartbeat")
    assert workers.wait_for(
        lambda: len(set(new.query("SELECT name, at FROM csat_heartbeat")) - set(before)) >= 2, seconds=120
    )
    time.sleep(3)


def same_as_at_the_backup(known: Any) -> None:
    """Its scores are the first of those that this database has now, whole, and each with its fact."""
    rows = sorted(Score.objects.values_list("survey__uuid", "score", "comment"))
    now = json.loads(json.dumps(rows, default=str))
    scores = [score for _survey, score, _comment in known["scores"]]
    assert 2 < len(scores) <= RATED
    assert [row for row in now if row in known["scores"]] == known["scores"]
    assert known["submitted"] == len(scores)
    assert sorted(item["score"] for item in known["api"]["items"]) == sorted(scores)
    assert known["report"]["total"]["answered"] == len(scores)
    assert known["report"]["total"]["average"] == pytest.approx(statistics.mean(scores))
    assert set(known["links"]) <= set(Link.objects.values_list("sha256", flat=True))
    assert len(known["sessions"]) == RATED + UNRATED + LATE
    assert known["gone"] == [["", "", ""]]
    assert known["pages"].count(200) >= len(scores) - 1
