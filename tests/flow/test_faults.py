"""What can break around us, and that nothing is lost, nothing doubled, and all of it heals without a restart.

docs/operators.md has a table of these faults, which names the tests; the last one here holds it to them.
"""

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone

from csat.diagnosis import machine
from csat.diagnosis.findings import Level
from csat.jobs import Job, enqueue
from csat.people import erasure, erasure_journal, suppression
from csat.surveys import links
from csat.surveys.delivery import expiry, sending
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.timeline.models import Event
from tests import serving, workers
from tests.cable import Cable, cable
from tests.factories import API, die_while_sending, make_resolved_session, make_sent_survey, switch_on
from tests.standins.twilio import TwilioServer
from tests.web.pages import Form, form, submit

WORDS = "Zebra & <b>Löwe</b>"
LONG = WORDS + " and so on" * 450  # more than a page of SQLite's file has room for
SORRY = {"en": "It is not your fault", "de": "Sie haben nichts falsch gemacht"}


def path_of(survey: Survey) -> str:
    return urllib.parse.urlsplit(links.rate_url(survey)).path


@contextlib.contextmanager
def refused_by_the_database(sqlstate: str, table: str) -> Iterator[None]:
    """Every new row: on PostgreSQL by a trigger with the server's own error, on SQLite by its own limit."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}")
            filling = "INSERT INTO django_content_type (app_label, model) VALUES (%s, %s)"
            with contextlib.suppress(OperationalError):  # the free pages that it has
                for _ in range(10_000):
                    cursor.execute(filling, [uuid4().hex * 3, uuid4().hex * 3])
            try:
                yield
            finally:
                cursor.execute("PRAGMA max_page_count = 1073741823")
            return
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN"
            f" RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{sqlstate}'; END $$ LANGUAGE plpgsql"
        )
        cursor.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()")
        try:
            yield
        finally:
            cursor.execute("DROP FUNCTION refuse() CASCADE")


class Browser:
    """A customer's, which speaks to a web server as browsers do."""

    def __init__(self, base: str, survey: Survey) -> None:
        self.url = base + path_of(survey)

    def get(self) -> tuple[int, str, Any]:
        return self._ask(None)

    def post(self, fields: dict[str, str]) -> tuple[int, str, Any]:
        return self._ask(urllib.parse.urlencode(fields).encode())

    def _ask(self, body: bytes | None) -> tuple[int, str, Any]:
        request = urllib.request.Request(self.url, data=body, headers={"Accept-Language": "fr"})
        answer: HTTPResponse | urllib.error.HTTPError
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status or 0, answer.read().decode(), answer.headers


@pytest.fixture
def database() -> Iterator[Cable]:
    with cable(connection.settings_dict["HOST"], int(connection.settings_dict["PORT"])) as made:
        yield made


@contextlib.contextmanager
def served(folder: Path, **env: str) -> Iterator[str]:
    """By a web server that finds the names of our static files."""
    names = [name for finder in finders.get_finders() for name, _storage in finder.list([])]
    manifest = {"version": "1.1", "hash": "", "paths": {name: name for name in names}}
    (folder / "staticfiles.json").write_text(json.dumps(manifest))
    with serving.serving(STATIC_ROOT=str(folder), **env) as base:
        yield base


def through(made: Cable) -> str:
    db = connection.settings_dict
    return f"postgres://{db['USER']}:{db['PASSWORD']}@127.0.0.1:{made.port}/{db['NAME']}"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_gone_a_customer_keeps_their_words_and_sends_them_later(
    database: Cable, tmp_path: Path
) -> None:
    """The web server is a process of its own, and is never restarted."""
    survey = make_sent_survey("sms")
    with served(tmp_path, DATABASE_URL=through(database)) as base:
        browser = Browser(base, survey)
        status, page, _headers = browser.get()
        assert status == 200
        said = Form(page).fields | {"score": "2", "comment": WORDS, "gesture": "1", "shown_in": "de"}
        database.pull()
        status, page, headers = browser.post(said)
        assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "30", "no-store")
        assert SORRY["de"] in page
        assert WORDS in unescape(page)
        assert "<b>Löwe" not in page
        assert browser.get()[0] == 503
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{base}/health/ready", timeout=20)
        assert serving.answers(base)  # alive all the same: a restart would not help
        database.plug_in()
        status, page, _headers = browser.post(Form(page).fields)  # the button on that very page
        assert status == 200  # led on to the thank-you
    assert list(Score.objects.values_list("score", "comment")) == [(2, WORDS)]
    assert Answer.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.cluster
@pytest.mark.django_db(transaction=True)
def test_workers_whose_database_goes_in_the_middle_go_on_when_it_is_back(database: Cable) -> None:
    switch_on("sms")
    for _ in range(30):
        make_resolved_session("sms")
    with TwilioServer() as twilio:
        env = {"DATABASE_URL": through(database), "SEND_LEASE_SECONDS": "6"}
        with workers.cluster(**twilio.env, **env):
            enqueue(Job.SEND_DUE)
            assert workers.wait_for(lambda: len(twilio.messages) >= 5, seconds=30)
            database.pull()
            workers.wait_for(lambda: False, seconds=2)
            database.plug_in()

            def all_sent() -> bool:
                enqueue(Job.SWEEP)
                return not Delivery.objects.exclude(state="sent").exists()

            assert workers.wait_for(all_sent, seconds=60)
        bodies = Counter(str(message["body"]) for message in twilio.messages)
    assert len(bodies) == 30
    assert set(bodies.values()) == {1}
    told = Counter(Event.objects.filter(kind="csat.requested").values_list("session_id", flat=True))
    assert set(told.values()) == {1}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_only_reads_shows_every_page_and_takes_the_words_later(
    database: Cable, tmp_path: Path
) -> None:
    survey, name = make_sent_survey("sms"), connection.settings_dict["NAME"]
    with served(tmp_path, DATABASE_URL=through(database)) as base, connection.cursor() as cursor:
        browser = Browser(base, survey)
        cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        try:
            database.pull()  # connections that are there keep what they had
            database.plug_in()
            status, page, _headers = browser.get()
            assert status == 200
            said = Form(page).fields | {"score": "1", "comment": WORDS, "gesture": "1"}
            status, page, headers = browser.post(said)
            assert (status, headers["Retry-After"]) == (503, "30")
            assert WORDS in unescape(page)
        finally:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        database.pull()
        database.plug_in()
        assert browser.post(Form(page).fields)[0] == 200
    assert list(Score.objects.values_list("score", "comment")) == [(1, WORDS)]


@pytest.mark.usefixtures("shared_database")
def test_a_full_database_keeps_what_it_has_and_loses_nothing_that_comes() -> None:
    survey = make_sent_survey("sms")
    address, customer = path_of(survey), Client(raise_request_exception=False)
    with refused_by_the_database("53100", "csat_answer"):
        response = submit(customer, address, score=1, comment=LONG, shown_in="en", gesture="1")
        assert (response.status_code, response["Retry-After"]) == (503, "30")
        assert SORRY["en"] in response.content.decode()
        assert customer.get(address).status_code == 200
        assert not Score.objects.exists()
    again = form(response).fields
    assert customer.post(address, again).status_code == 303
    assert list(Score.objects.values_list("score", "comment")) == [(1, LONG)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_send_that_meets_a_full_database_is_found_again_and_nobody_is_asked_twice(
    twilio_server: TwilioServer,
) -> None:
    """The message has gone out, and cannot be noted."""
    switch_on("sms")
    survey = make_resolved_session("sms").survey
    with refused_by_the_database("53100", "csat_event"):
        sending.send_due()
    assert len(twilio_server.messages) == 1
    assert survey.again().state == "scheduled"
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        expiry.sweep()
        sending.send_due()
    assert len(twilio_server.messages) == 1
    assert survey.again().state == "sent"
    assert Event.objects.filter(kind="csat.requested", session_id=survey.session_id).count() == 1


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """A folder on a small disk of its own, which the file `full` fills."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        with contextlib.suppress(OSError), (place / "full").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.django_db
def test_a_full_disk_for_files_costs_no_rating_and_the_journal_of_erasures_is_completed(
    tmp_path: Path, settings: Any
) -> None:
    """A disk of its own, with no byte left on it."""
    survey = make_sent_survey("sms")
    gone = make_sent_survey("sms").contact
    with full_disk(tmp_path) as folder:
        settings.ERASURE_JOURNAL = str(folder / "erasures.jsonl")
        settings.MEDIA_ROOT = folder / "media"
        assert submit(Client(), path_of(survey), score=5, gesture="1").status_code == 303
        erasure.erase(gone, by=API)
        assert list(erasure_journal.read(folder / "erasures.jsonl")) == []
        settings.VAR_DIR = folder
        assert Level.ERROR in {finding.level for finding in machine.disk()}
        (folder / "full").unlink()  # somebody makes room
        assert erasure_journal.complete() == 1  # the next backup does
        assert [entry["contact"] for entry in erasure_journal.read(folder / "erasures.jsonl")] == [
            str(gone.uuid)
        ]
    assert Score.objects.get().score == 5
    assert gone.again().erased_at


@pytest.mark.django_db
def test_without_redis_customers_rate_and_the_team_works_uncounted_and_it_counts_again_later(
    manager: Client,
) -> None:
    survey = make_sent_survey("sms")
    patience = {"socket_connect_timeout": 0.1, "socket_timeout": 0.1}
    gone = {
        "BACKEND": "csat.lib.cache.FaultTolerantCache",
        "LOCATION": f"redis://127.0.0.1:{serving.free_port()}",
        "OPTIONS": patience,
    }
    with override_settings(CACHES={"default": gone}):
        assert submit(Client(), path_of(survey), score=4, gesture="1").status_code == 303
        assert manager.get("/inbox/").status_code == 200
    assert Score.objects.get().score == 4
    for _ in range(30):
        Client().post(path_of(survey), {})
    assert Client().post(path_of(survey), {}).status_code == 429


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hours", [1, 30])
def test_when_the_clock_jumps_forward_what_was_being_sent_is_looked_up_and_goes_out_once(
    twilio_server: TwilioServer, hours: int
) -> None:
    switch_on("sms")
    survey = make_resolved_session("sms").survey
    assert die_while_sending(survey.deliveries.get()).state == "sending"  # and its worker is not heard of
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        expiry.sweep()
        sending.send_due()
        expiry.sweep()
        sending.send_due()
    assert len(twilio_server.messages) == 1
    assert survey.again().state == "sent"


@pytest.mark.django_db(transaction=True)
def test_when_the_clock_jumps_back_everything_goes_out_once_and_late_by_the_jump_at_most(
    twilio_server: TwilioServer,
) -> None:
    switch_on("sms")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        waiting = make_resolved_session("sms").survey
        taken = make_resolved_session("sms").survey
        die_while_sending(taken.deliveries.get())
    expiry.sweep()
    sending.send_due()  # they are due in an hour, as it seems
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=2)):
        expiry.sweep()
        sending.send_due()
    assert len(twilio_server.messages) == 2
    assert {waiting.again().state, taken.again().state} == {"sent"}


@pytest.mark.django_db
def test_a_page_opened_and_a_rating_changed_across_a_jump_of_the_clock_count() -> None:
    survey = make_sent_survey("sms")
    address, customer = path_of(survey), Client()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        page = customer.get(address)
        assert submit(customer, address, view=page, score=2, comment="Slow", gesture="1").status_code == 303
        page = customer.get(address + "?change=1")
    assert submit(customer, address, view=page, score=5, gesture="1").status_code == 303
    assert Score.objects.get().score == 5
    assert set(Answer.objects.values_list("state", flat=True)) == {"accepted"}


@pytest.mark.usefixtures("shared_database")
def test_a_new_secret_key_keeps_links_opened_pages_opt_outs_and_logins(
    tmp_path: Path, settings: Any, manager: Client
) -> None:
    """The former one stands in SECRET_KEY_FALLBACKS; there is no LINK_KEY."""
    survey, stopped = make_sent_survey("sms"), make_sent_survey("sms")
    suppression.opt_out(stopped.contact, by=API)
    said = form(Client().get(path_of(survey))).fields | {"score": "1", "comment": WORDS, "gesture": "1"}
    manager.get("/inbox/")
    cookie = f"sessionid={manager.cookies[settings.SESSION_COOKIE_NAME].value}"
    new = "".join(reversed(settings.SECRET_KEY))
    keys = {"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": settings.SECRET_KEY}
    with served(tmp_path, **keys) as base:
        browser = Browser(base, survey)
        assert browser.get()[0] == 200
        assert browser.post(said)[0] == 200
        inbox = urllib.request.Request(f"{base}/inbox/", headers={"Cookie": cookie})
        with urllib.request.urlopen(inbox, timeout=20) as answer:
            assert answer.url == f"{base}/inbox/"
    assert list(Score.objects.values_list("score", "comment")) == [(1, WORDS)]
    settings.SECRET_KEY = new
    assert suppression.is_suppressed("sms", stopped.contact.phone) or stopped.contact.again().opted_out_at


def test_every_fault_in_the_operators_table_names_a_test_that_there_is() -> None:
    text = (workers.ROOT / "docs" / "operators.md").read_text()
    section = text.partition("\n## When something breaks\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| Fault")]
    assert len(rows) >= 9
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 5, row
        named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", cells[-1])
        assert named, row
        for file, test in named:
            assert re.search(rf"^def {test}\(", (workers.ROOT / file).read_text(), re.M), f"{file}::{test}"
    ours = set(re.findall(r"^def (test_\w+)\(", Path(__file__).read_text(), re.M))
    mentioned = set(re.findall(r"::(test_\w+)", section))
    assert ours - mentioned == {"test_every_fault_in_the_operators_table_names_a_test_that_there_is"}
