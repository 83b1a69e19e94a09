"""A low score on the page, two real clusters and a real mail server: the supervisor hears of it within five
seconds, once.
"""

import re
import time
from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from csat import tasks
from csat.sessions.models import Session
from csat.surveys import links
from csat.surveys.models import Survey
from csat.timeline import heartbeat
from csat.workflows.models import Run
from tests import workers
from tests.factories import make_sent_survey
from tests.flow.test_mail_round import Hidden
from tests.standins.smtp import SmtpServer
from tests.workflows.builders import from_example

BOSS = "boss@acme.com"
SOON = 5.0  # seconds


class Customer:
    """With the rating page open in a browser without JavaScript."""

    def __init__(self) -> None:
        self.survey: Survey = make_sent_survey()
        self.path = links.rate_url(self.survey).partition("/r/")[2]
        self.browser = Client()

    @property
    def session(self) -> Session:
        return self.survey.session

    def fields(self, page: bytes) -> dict[str, str]:
        return Hidden(page.decode()).fields

    def rates(self, score: int) -> None:
        page = self.browser.get(f"/r/{self.path}").content
        confirm = self.browser.post(
            f"/r/{self.path}", self.fields(page) | {"score": str(score), "comment": ""}
        )
        assert self.browser.post(f"/r/{self.path}", self.fields(confirm.content)).status_code == 303

    def explains(self, comment: str) -> None:
        """Writes into "What went wrong?"; nothing: skips it."""
        page = self.browser.get(f"/r/{self.path}").content
        step = {"step": "comment", "comment": comment} if comment else {"step": "skip"}
        assert self.browser.post(f"/r/{self.path}", self.fields(page) | step).status_code == 303


def notices(server: SmtpServer, customer: Customer) -> list[EmailMessage]:
    return [
        mail for mail in server.messages if mail["To"] == BOSS and f"#{customer.session.pk} " in text(mail)
    ]


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return re.sub(r"\s+", " ", body.get_content()) if body else ""


def told_after(server: SmtpServer, customer: Customer, comment: str) -> float:
    """Seconds from the comment (or the skip) to the notice and the open conversation."""
    customer.explains(comment)
    start = time.monotonic()
    assert workers.wait_for(
        lambda: notices(server, customer) and customer.session.again().status == "open", seconds=60
    )
    return time.monotonic() - start


@pytest.mark.cluster
@pytest.mark.postgres
@pytest.mark.smtp
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_a_two_reaches_the_supervisor_within_five_seconds_and_reopens_and_a_five_is_nobodys_alarm(
    smtp_server: SmtpServer,
):
    from_example("low-score", tell={"to": BOSS})
    warm, writes, skips, happy = (Customer() for _ in range(4))
    with workers.cluster(**smtp_server.env), workers.cluster("outward", **smtp_server.env):
        warm.rates(1)
        told_after(smtp_server, warm, "warming up")

        for unhappy in (writes, skips):
            unhappy.rates(2)
        happy.rates(5)
        assert Run.objects.count() == 1  # nobody was told before they wrote or skipped
        seconds = [told_after(smtp_server, writes, "still broken"), told_after(smtp_server, skips, "")]
        print("told after", [round(one, 2) for one in seconds])
        assert max(seconds) < SOON

        assert workers.wait_for(
            lambda: heartbeat.last_beat("outward") and Run.objects.filter(state="succeeded").count() == 3,
            seconds=60,
        )
        for customer, comment in ((writes, "“still broken”"), (skips, "“”")):
            [notice] = notices(smtp_server, customer)
            assert comment in text(notice)
            assert "with 2" in text(notice)
        assert notices(smtp_server, happy) == []
        assert happy.session.again().status == "closed_resolved"
        assert len({mail["Message-ID"] for mail in smtp_server.messages if mail["To"] == BOSS}) == 3


@pytest.mark.django_db
def test_who_neither_writes_nor_skips_is_told_of_after_two_minutes(smtp_server: SmtpServer):
    from_example("low-score", tell={"to": BOSS})
    silent = Customer()
    silent.rates(2)
    for seconds, told in ((110, 0), (121, 1), (200, 1)):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
            tasks.sweep_outward()
            tasks.run_due()
        assert len(notices(smtp_server, silent)) == told
    assert silent.session.again().status == "open"
