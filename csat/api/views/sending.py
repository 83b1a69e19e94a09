"""/csat/sending"""

from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import once
from csat.api.openapi import decorators as doc
from csat.api.serializers.sending import (
    ChannelOrAll,
    OneChannel,
    PauseInput,
    ResendInput,
    ResendShape,
    SendingShape,
)
from csat.api.views.base import Resource, read_body
from csat.surveys.delivery import holds, resending, sending_status


class Sending(Resource):
    scope = "csat"

    @doc.shows(SendingShape, "Get what each channel does with surveys that are due, and how many wait")
    def get(self, request: Request) -> Response:
        return _status()


class SendingPause(Resource):
    scope = "csat"

    @doc.creates(
        SendingShape,
        PauseInput,
        "Pause sending, as a whole or on one channel; what is due waits",
        statuses=(200,),
        missing=False,
        example={"channel": "sms", "reason": "The number is being moved"},
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, PauseInput)
        holds.pause(payload.get("channel"), by=self.actor, reason=payload.get("reason") or "")
        return _status()


class SendingResume(Resource):
    scope = "csat"

    @doc.creates(
        SendingShape,
        ChannelOrAll,
        "Resume what was paused, or a channel that was stopped",
        statuses=(200,),
        missing=False,
        example={"channel": "sms"},
    )
    @once
    def post(self, request: Request) -> Response:
        holds.resume(read_body(request, ChannelOrAll).get("channel"), by=self.actor)
        return _status()


class SendingTry(Resource):
    scope = "csat"

    @doc.creates(
        SendingShape,
        OneChannel,
        "Let one survey try now whether the channel's provider is back",
        statuses=(200,),
        missing=False,
        example={"channel": "email"},
    )
    @once
    def post(self, request: Request) -> Response:
        holds.try_now(read_body(request, OneChannel)["channel"])
        return _status()


class SendingResend(Resource):
    scope = "csat"

    @doc.creates(
        ResendShape,
        ResendInput,
        "Ask again, each by a new request, those whose surveys failed",
        statuses=(200,),
        missing=False,
        example={"since": "2026-11-20T18:00:00Z", "channel": "email", "dry_run": True},
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, ResendInput)
        since, channel = payload.get("since") or resending.default_since(), payload.get("channel")
        if payload["dry_run"]:
            result = resending.dry_run(since=since, channel=channel)
        else:
            result = resending.run(since=since, channel=channel, by=self.actor)
        return Response(ResendShape(result, context={"dry_run": payload["dry_run"]}).data)


def _status() -> Response:
    return Response(SendingShape(sending_status.current()).data)


routes = [
    ("csat/sending", Sending),
    ("csat/sending/pause", SendingPause),
    ("csat/sending/resume", SendingResume),
    ("csat/sending/try", SendingTry),
    ("csat/sending/resend", SendingResend),
]
