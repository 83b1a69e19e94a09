"""How many files somebody must open to follow one flow, held to a budget.

A flow enters a file when it runs a function of it. Methods, lambdas, models, middleware, template tags count.
The statements of an import do not, nor does what a first run alone needs (each flow is walked once before it
is counted), nor migrations, files outside csat/ and what the queue would do afterwards.
`pytest tests/house/test_flows.py -s` shows the files.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as project
from django.test import Client
from twilio.request_validator import RequestValidator

from csat import tasks
from csat.surveys.models import Answer, CsatSettings, Delivery, Score
from tests import tokens
from tests.factories import make_agent, make_resolved_session, make_sent_survey, switch_on
from tests.web.pages import rate
from tests.web.settings.test_csat import PAGE as SETTINGS_PAGE
from tests.web.settings.test_csat import as_shown

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).parents[2] / "csat"

# Wanted are 22, 20, 16, 18, 12. Raise one only with a reason, said beside it.
# Each has two more: one knows which request it belongs to, one counts how long it takes.
BUDGET = {
    # one a step of the send, one knows robots, and what every step stands on: names, rows, text, queue,
    # spelling of addresses
    # ... two the hours in which surveys are sent, one on which domain customers' links are, and one what is
    # asked so often that it is composed beforehand
    "due → sent": 36,
    # with Redis; one less where the cache is Django's own. Limits ask for the address; one is the middleware
    # that asks staff again who they are, one the domain of customers' links, one renders once what all are
    # told
    "rating → score": 29,
    # three strip what programs added, two read what is left, one counts what goes back, two are Twilio's,
    # one knows which numbers are one subscriber's, one what is composed beforehand
    "typed reply → score": 27,
    # three say what a role may do and sees, two are middleware of logins, one knows brands, one the address,
    # one what is composed beforehand, one the replica, one histograms, one ids that go along, two themes, one
    # own figures in words, two targets and notes, one tables that are sorted, one the audit log's words
    "report page": 37,
    "settings saved": 25,  # the same without brands; one has the inputs of the sending hours
}


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def files_entered(flow: Callable[[], object]) -> list[str]:
    """The files under csat/ of which this call runs a function."""
    entered = set()

    def note_file(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            entered.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note_file)
    try:
        flow()
    finally:
        sys.setprofile(before)
    paths = [Path(name).relative_to(HOUSE) for name in entered if name.startswith(f"{HOUSE}/")]
    return sorted(str(path) for path in paths if path.parts[0] != "migrations")


def hold_to_budget(name: str, files: list[str]) -> None:
    listing = f"{name} enters {len(files)} files, {BUDGET[name]} are allowed:\n  " + "\n  ".join(files)
    print(listing)
    assert len(files) <= BUDGET[name], listing


def test_an_email_that_is_due_is_sent() -> None:
    switch_on("email")
    for _ in ("warm", "counted"):
        survey = make_resolved_session("email", assignee=make_agent()).survey
        files = files_entered(tasks.send_due)
        assert Delivery.objects.get(survey=survey).state == "sent"
    hold_to_budget("due → sent", files)


def test_the_rating_page_is_opened_and_a_score_chosen(customer: Client) -> None:
    for _ in ("warm", "counted"):
        survey = make_sent_survey("email", assignee=make_agent())
        address = f"/r/{tokens.rate_token(survey)}"
        files = files_entered(lambda address=address: rate(customer, address, 5))  # type: ignore[misc]
        assert Score.objects.get(session=survey.session).score == 5
    hold_to_budget("rating → score", files)


def test_a_score_is_typed_in_reply_to_a_text_message(settings: Any) -> None:
    for number in ("SM1", "SM2"):
        settings.TWILIO_AUTH_TOKEN = ""
        survey = make_sent_survey("sms")
        settings.TWILIO_AUTH_TOKEN = "twilio-token"
        files = files_entered(signed_reply(survey.deliveries.get(), "5", number))
        assert Answer.objects.get(survey=survey).score == 5
    hold_to_budget("typed reply → score", files)


def signed_reply(delivery: Delivery, text: str, number: str) -> Callable[[], object]:
    address = "/callbacks/twilio/inbound"
    fields = {"MessageSid": number, "From": delivery.address, "To": "+15005550006", "Body": text}
    signature = RequestValidator("twilio-token").compute_signature(f"{project.SITE_URL}{address}", fields)
    client = Client(headers={"X-Twilio-Signature": signature})
    return lambda: client.post(address, urlencode(fields), content_type="application/x-www-form-urlencoded")


def test_a_manager_opens_the_report(manager: Client, customer: Client) -> None:
    rate(customer, f"/r/{tokens.rate_token(make_sent_survey('email'))}", 5)
    for _ in ("warm", "counted"):
        files = files_entered(lambda: manager.get("/reports/"))
    hold_to_budget("report page", files)


def test_a_manager_saves_the_settings(manager: Client) -> None:
    for seconds in (300, 900):
        page = manager.get(SETTINGS_PAGE).content.decode()
        form = as_shown(page, delay_seconds=str(seconds), auto_send="on", channel_email="on")
        files = files_entered(lambda form=form: manager.post(SETTINGS_PAGE, form))  # type: ignore[misc]
        assert CsatSettings.current().delay_seconds == seconds
    hold_to_budget("settings saved", files)
