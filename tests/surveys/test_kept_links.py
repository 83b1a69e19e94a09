"""No live address of a rating page is kept anywhere: it is put back when a text is sent."""

import json

import pytest
from django.conf import settings as project
from django.core import serializers

from csat.people.models import IdempotencyRecord
from csat.surveys import kept_links, links
from csat.surveys.delivery import sending
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints, queueing
from csat.webhooks.models import WebhookAttempt
from csat.workflows.models import Run, Step
from tests.api.conftest import machine
from tests.factories import make_contact, make_resolved_session, make_sent_survey, make_session, switch_on
from tests.tokens import rate_token
from tests.workflows.builders import block, run_until_idle, workflow

pytestmark = pytest.mark.django_db
LIVE = "/r/0123456789abcdefghijkl"


def test_a_text_is_hidden_shown_and_restored():
    survey = make_sent_survey()
    url = links.rate_url(survey)
    kept = kept_links.hide({"text": f"Rate us: {url}.", "list": [url, 5, None]})
    assert kept == {"text": "Rate us: {rating_url}.", "list": ["{rating_url}", 5, None]}
    assert kept_links.show(kept["text"]) == f"Rate us: {project.SITE_URL}/r/…."
    assert kept_links.restore(kept["text"], survey) == f"Rate us: {url}."


def test_links_of_the_short_domain_are_links_as_well(settings):
    settings.LINK_BASE = "https://acme.link"
    survey = make_sent_survey()
    url = links.rate_url(survey)
    assert url.startswith("https://acme.link/r/")
    for link in (url, f"{project.SITE_URL}{LIVE}"):
        assert kept_links.hide(f"Rate us: {link}.") == "Rate us: {rating_url}."
        assert kept_links.show(f"{link}?score=5").endswith("/r/…?score=5")
    assert kept_links.show("{rating_url}") == "https://acme.link/r/…"
    assert kept_links.restore("{rating_url}", survey) == url


def test_what_was_kept_before_is_not_shown_alive():
    assert kept_links.show(f"Rate us: {project.SITE_URL}{LIVE}") == f"Rate us: {project.SITE_URL}/r/…"


def test_what_is_shown_names_the_page_and_opens_none():
    rate, stop = (f"{project.SITE_URL}/{page}/{'aB3' * 15}" for page in "ru")
    text = f"Rate: {rate}?score=5, stop: {stop} (see /reports/ or /r/preview)"
    assert kept_links.show(text) == (
        f"Rate: {project.SITE_URL}/r/…?score=5, stop: {project.SITE_URL}/u/… (see /reports/ or /r/preview)"
    )


def test_other_addresses_stay_as_they_are():
    for text in (f"https://elsewhere.example{LIVE}", f"{project.SITE_URL}/reports/", "{csat_link}"):
        assert kept_links.hide(text) == kept_links.show(text) == text


def kept_everywhere():
    rows = [*Event.objects.all(), *Step.objects.all(), *Run.objects.all()]
    return serializers.serialize(
        "json", [*rows, *WebhookAttempt.objects.all(), *IdempotencyRecord.objects.all()]
    )


@pytest.fixture
def story(listener, caplog):
    """A session of channel API whose workflow uses the link in every way."""
    endpoints.add(url=listener.url, events=["csat.requested", "conversation.ai_response"], by=SYSTEM)
    workflow(
        block("generate_csat_link"),
        block("note", text="Sent {csat_link}"),
        block("send_message", text="Rate us: {csat_link}"),
        block("notify", via="email", to="boss@acme.example", message="They got {csat_link}"),
        block("http_request", method="POST", url=listener.url, body='{"link": "{csat_link}"}'),
        block("notify", "away", via="webhook", to=listener.url, message="{csat_link}"),
    )
    switch_on("api")
    session = make_resolved_session("api", contact=make_contact(name="{rating_url}"))
    machine().post("/csat/requests", {"session_id": str(session.uuid)})
    sending.send_due()
    run_until_idle()
    attempts.call_due()
    return session


def test_nothing_that_is_kept_or_logged_has_it(story, listener, caplog):
    """dograh-hq/dograh#622, alphaonedev/ai-memory-mcp#3697: addresses that are credentials, in logs."""
    token = rate_token(story.survey)
    assert {step.state for step in Step.objects.all()} == {"succeeded"}
    assert token in " ".join(str(heard) for heard in listener.heard)
    assert token not in kept_everywhere()
    assert token not in caplog.text


def test_what_is_posted_has_it_at_first_and_when_it_is_replayed(story, listener):
    url = links.rate_url(story.survey)
    for attempt in WebhookAttempt.objects.all():
        queueing.replay(attempt, by=SYSTEM)
    attempts.call_due()
    bodies = [json.loads(heard.body) for heard in listener.heard]
    requested = [body["data"]["url"] for body in bodies if body.get("type") == "csat.requested"]
    said = [body["data"]["text"] for body in bodies if body.get("type") == "conversation.ai_response"]
    assert (requested, said) == ([url] * 2, [f"Rate us: {url}"] * 2)
    assert {body["data"]["contact"]["name"] for body in bodies if "data" in body} == {"{rating_url}"}


@pytest.mark.parametrize("scope", ["workflows:read", "webhooks:read", "chat-sessions:read"])
def test_no_key_that_only_reads_sees_it(story, scope):
    api, everything = machine(scope), machine()
    read = [
        f"/workflows/{everything.get('/workflows').json()['items'][0]['id']}/runs",
        f"/webhooks/{everything.get('/webhooks').json()['items'][0]['id']}/calls",
        f"/chat/sessions/{story.uuid}/history",
        f"/chat/sessions/{story.uuid}",
    ]
    answers = [answer.content.decode() for path in read if (answer := api.get(path)).status_code == 200]
    assert answers
    assert not any(rate_token(story.survey) in answer for answer in answers)


def test_staff_pages_show_where_it_stood(story, manager):
    workflow_id = machine().get("/workflows").json()["items"][0]["id"]
    pages = [
        f"/inbox/{story.uuid}/",
        f"/workflows/{workflow_id}/runs/{Run.objects.get().uuid}/",
        f"/settings/webhooks/{endpoints.Endpoint.objects.get().uuid}/",
    ]
    for page in pages:
        content = manager.get(page).content.decode()
        assert rate_token(story.survey) not in content
        assert "/r/…" in content, page


def test_an_echo_of_what_was_posted_is_kept_without_it(listener):
    url = links.rate_url(make_sent_survey("api"))
    listener.body = f'{{"you sent": "{url}"}}'.encode()
    listener.answer = lambda _: (200, {"content-length": str(len(listener.body))})
    endpoint = endpoints.add(url=listener.url, events=["csat.requested"], by=SYSTEM)
    queueing.enqueue_test(endpoint, by=SYSTEM)
    attempts.call_due()
    assert WebhookAttempt.objects.get().attempts[0]["answer"] == '{"you sent": "{rating_url}"}'


def test_a_link_answered_under_a_key_is_answered_again_and_not_kept():
    api, body = machine(), {"session_id": str(make_session().uuid)}
    first = api.post("/csat/links", body, Idempotency_Key="k1").json()
    assert first["url"] not in IdempotencyRecord.objects.get().body
    assert api.post("/csat/links", body, Idempotency_Key="k1").json() == first
