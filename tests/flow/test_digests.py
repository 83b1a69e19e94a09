"""A digest by a real mail server, and a worker that is killed while it hands one over."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.utils import timezone

from csat.subscriptions import digest_sending, digests
from csat.subscriptions.models import Digest, DigestIssue
from tests.standins.smtp import SmtpServer
from tests.subscriptions.rated import make_view, rate
from tests.workers import ROOT, database_url, wait_for

pytestmark = [pytest.mark.smtp]
WORKER = "import django; django.setup(); from csat import tasks; tasks.send_digests()"


def make_due(user: User) -> Digest:
    digest = digests.start(make_view(user), by=user, rhythm="daily")
    digest.change(next_at=timezone.now() - timedelta(seconds=1))
    return digest


@pytest.mark.django_db
def test_a_mail_server_gets_plain_text_html_and_the_way_to_stop_it(
    manager_user: User, smtp_server: SmtpServer
) -> None:
    digest = make_due(manager_user)
    rate(5, "Quick and friendly", at=timezone.now() - timedelta(days=1))
    smtp_server.messages.clear()
    assert digest_sending.send_due() == 1
    [message] = smtp_server.messages
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    assert "Quick and friendly" in text.get_content()
    assert "Quick and friendly" in html.get_content()
    assert message["List-Unsubscribe"].strip() == f"<{digests.stop_url(digest)}>"  # folded where it is long
    assert message["To"] == manager_user.email


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_hands_over_repeats_the_mail_once_under_the_same_message_id(
    manager_user: User, smtp_server: SmtpServer
) -> None:
    url = database_url()  # skips where no other process reaches the database
    digest = make_due(manager_user)
    smtp_server.behave("slow")  # takes the mail and never says so
    env = {
        "DATABASE_URL": url,
        "SECRET_KEY": project.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=ROOT, env=os.environ | env | smtp_server.env
    )
    try:
        assert wait_for(lambda: smtp_server.messages, seconds=60)
    finally:
        worker.kill()
        worker.wait()
    assert digest.issues.get().state == DigestIssue.State.DUE
    assert digest_sending.send_due() == 0  # the lease of the dead worker holds
    digest.issues.update(next_try=timezone.now())
    assert digest_sending.send_due() == 1
    assert digest_sending.send_due() == 0
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert digest.issues.get().attempts == 2
