"""Ingest: conversations in bulk, ratings by API and rating page, and surveys sent through the sandbox."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import _common as bench

ITEMS, POSTS, SURVEYS = 1000, 300, 1000


def main() -> None:
    bench.set_up()
    from django.test import Client

    from csat.channels.kinds import SURVEYED
    from csat.surveys.rules import settings
    from csat.timeline.recording import SYSTEM

    settings.change(by=SYSTEM, auto_send=True, channels={kind: {"enabled": True} for kind in SURVEYED})
    client, headers = Client(), bench.key("chat-sessions:write", "csat:write", "csat:read")
    _bulk(client, headers, "open", {})
    _bulk(client, headers, "resolved, asked", {"status": "closed_resolved"})
    _bulk(
        client,
        headers,
        "history",
        {
            "status": "closed_resolved",
            "resolved_at": "2026-01-05T10:00:00Z",
            "created_at": "2026-01-05T09:00:00Z",
        },
    )
    upsert = _rate(_upserts)
    _send()
    tokens = _tokens(POSTS * 3)
    bench.say(
        "rating page: GET (limit: the health view)",
        _each(client, "/r/{}", tokens),
        _each(client, "/health/live", tokens),
        "ms",
    )
    bench.say(
        "rating page: POST (limit: POST with one upsert)",
        _posts(client, tokens),
        upsert,
        "/s",
        "",
        more_is_better=True,
    )
    bench.say(
        "api: POST /csat/scores (limit: POST with one upsert)",
        _scores(client, headers),
        upsert,
        "/s",
        "",
        more_is_better=True,
    )
    report = "/api/v1/csat/report?group_by=day"
    bench.say(
        "api: GET /csat/report by day", bench.fetched(client, report, headers=headers), 100, "ms", "< 100 ms"
    )


def _bulk(client: Any, headers: dict[str, str], what: str, more: dict[str, Any]) -> None:
    def post(n: int) -> None:
        items = [
            {"external_id": f"{what}-{n}-{i}", "channel": {"type": "email"},
            "assignee": {"name": f"Agent {i % 20}"}, "tags": ["bench"]}
            | {"contact": {"email": f"{n}.{i}@bench.example", "name": f"Guest {i}"}} | more
            for i in range(ITEMS)
        ]  # fmt: skip
        answer = client.post(
            "/api/v1/chat/sessions/bulk", {"items": items}, content_type="application/json", headers=headers
        )
        assert all("id" in item for item in answer.json()["items"]), answer.content[:300]

    turn = itertools.count()
    ours = ITEMS / bench.seconds(lambda: post(next(turn)), times=3)
    bench.say(
        f"ingest: bulk, {what} (limit: bulk_create of them)",
        ours,
        ITEMS / bench.seconds(_bare, times=3),
        "/s",
        more_is_better=True,
    )


def _bare() -> None:
    """The same contacts, sessions and first facts, written without any rule."""
    from django.db import transaction
    from django.utils import timezone

    from csat.people.models import Contact
    from csat.sessions.models import Session, Tag
    from csat.timeline.models import Event

    with transaction.atomic():
        now = timezone.now()
        contacts = Contact.objects.bulk_create(Contact(name=f"Guest {i}", language="") for i in range(ITEMS))
        sessions = Session.objects.bulk_create(
            Session(contact=one, channel="email", last_activity_at=now) for one in contacts
        )
        Tag.objects.bulk_create(Tag(session=one, name="bench") for one in sessions)
        Event.objects.bulk_create(
            Event(kind="session.created", session_id=one.pk, actor_kind="api") for one in sessions
        )


def _send() -> None:
    """Surveys through the sandbox."""
    from csat.surveys.delivery import sending
    from csat.surveys.models import Delivery

    Delivery.objects.filter(state="due").exclude(
        pk__in=list(Delivery.objects.filter(state="due").values_list("pk", flat=True)[:SURVEYS])
    ).update(state="cancelled")
    began = time.perf_counter()
    sent = sending.send_due(seconds=600)
    bench.say(
        "sending: surveys through the sandbox, one worker",
        sent / (time.perf_counter() - began),
        None,
        "/s",
        "",
        more_is_better=True,
    )


def _tokens(many: int) -> list[str]:
    from csat.surveys import links
    from csat.surveys.models import Survey

    return [
        links.rate_url(survey).rpartition("/")[2]
        for survey in Survey.objects.filter(state="sent").order_by("pk")[:many]
    ]


def _each(client: Any, path: str, tokens: list[str]) -> float:
    turn = itertools.cycle(tokens)
    return bench.fetched(client, path.format(next(turn)), times=100)


def _posts(client: Any, tokens: list[str]) -> float:
    """Ratings with a comment, each on a page of its own, per second."""
    from csat.web.customer import survey_visit

    def post(n: int) -> None:
        nonce = survey_visit.make_nonce(tokens[n])
        fields = {"score": 4, "comment": "Quick, thanks", "nonce": nonce, "gesture": "1"}
        answer = client.post(f"/r/{tokens[n]}", fields)
        assert answer.status_code == 303, (answer.status_code, answer.content[:200])

    return _rate(post)


def _scores(client: Any, headers: dict[str, str]) -> float:
    from csat.sessions.models import Session

    sessions = list(Session.objects.filter(survey=None).values_list("uuid", flat=True)[: POSTS + 1])

    def post(n: int) -> None:
        told = {"session_id": str(sessions[n]), "score": 4, "comment": "Quick, thanks"}
        answer = client.post("/api/v1/csat/scores", told, content_type="application/json", headers=headers)
        assert answer.status_code == 201, answer.content[:300]

    return _rate(post)


def _upserts(n: int) -> None:
    """What any POST that keeps something costs at the least: a request, and one row written or replaced."""
    from django.core.cache import cache
    from django.db import transaction
    from django.test import Client

    from csat.surveys.models import ChannelSettings

    Client().get("/health/live")
    with transaction.atomic():
        ChannelSettings.objects.bulk_create(
            [ChannelSettings(kind=f"bench-{n % 10}")],
            update_conflicts=True,
            unique_fields=["kind"],
            update_fields=["enabled"],
        )
    cache.get("nothing")


def _rate(post: Callable[[int], None]) -> float:
    """How many a second."""
    post(0)
    began = time.perf_counter()
    for n in range(1, POSTS + 1):
        post(n)
    return POSTS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
