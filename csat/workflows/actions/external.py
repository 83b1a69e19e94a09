"""Steps that notify colleagues and call other systems."""

import json
import re

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import notices, registry
from csat.channels.circuits import Way
from csat.lib import addresses, http
from csat.lib.outcomes import Never, Retry
from csat.lib.refusal import Invalid, Refused
from csat.lib.types import JsonObject
from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.workflows import phrases
from csat.workflows.actions.base import Action, Context, Param
from csat.workflows.actions.conversation import PLACEHOLDERS
from csat.workflows.examples import EXAMPLE_RECIPIENT

VIA = (
    ("email", gettext_lazy("Email")),
    ("slack", gettext_lazy("Slack")),
    ("webhook", gettext_lazy("Webhook")),
)
METHODS = tuple((name, name) for name in ("POST", "GET", "PUT", "PATCH", "DELETE"))
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Notify(Action):
    type = "notify"
    outputs = ("text", "status", "provider_id")
    label = gettext_lazy("Notify")
    help = gettext_lazy("Notifies a colleague by email, a Slack channel or another system.")
    outside = True
    params = (
        Param("via", gettext_lazy("By"), "choice", choices=VIA),
        Param("to", gettext_lazy("To"), help=gettext_lazy("An email address, a Slack channel or a URL.")),
        Param("message", gettext_lazy("Message"), "area", help=PLACEHOLDERS),
    )

    def problems(self, params: JsonObject) -> list[str]:
        mistakes = super().problems(params)
        to = str(params.get("to") or "")
        if not mistakes and params["via"] == "email":
            mistakes += _mail_problems(to)
        if not mistakes and params["via"] == "webhook":
            mistakes += _address_problems(to)
        return mistakes

    def sentence(self, params: JsonObject) -> str:
        via = dict(VIA).get(params.get("via", ""), "…")
        return _("Notify %(to)s by %(via)s") % {
            "to": params.get("to") or "…",
            "via": str(via).lower() if via != "Slack" else via,
        }

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        text = phrases.fill(params["message"], context.values)
        if params["via"] == "email" and (nobody := _mail_problems(params["to"])):
            raise Refused(nobody[0])  # activated before example addresses were refused, or while mail was off
        if params["via"] == "webhook":
            body = {
                "text": text,
                "session_id": context.facts["session"]["id"],
                "csat": context.facts["csat"],
                "contact": context.facts["contact"],
            }
            status = _call("POST", params["to"], json.dumps(body, ensure_ascii=False), context.token)
            return {"text": kept_links.hide(text), "status": status}
        subject = _("Conversation #%(number)s") % {"number": context.session.ticket_number}
        provider_id = notices.send(
            params["via"],
            to=params["to"],
            subject=subject,
            text=text,
            token=context.token,
            again=context.step.interrupted,
        )
        unsent = {"unsent": True} if registry.get(params["via"]).sandboxed() else {}
        return {"text": kept_links.hide(text), "provider_id": provider_id, **unsent}

    def way(self, session: Session, params: JsonObject) -> Way | None:
        return None if params["via"] == "webhook" else Way.of(registry.get(params["via"]))


class HttpRequest(Action):
    type = "http_request"
    outputs = ("status",)
    label = gettext_lazy("HTTP request")
    help = gettext_lazy("Calls another system. Private addresses are blocked, as for webhooks.")
    outside = True
    params = (
        Param("method", gettext_lazy("Method"), "choice", choices=METHODS),
        Param("url", gettext_lazy("URL")),
        Param("body", gettext_lazy("Body"), "area", required=False, help=PLACEHOLDERS),
    )

    def problems(self, params: JsonObject) -> list[str]:
        return super().problems(params) or _address_problems(str(params["url"]))

    def sentence(self, params: JsonObject) -> str:
        return _("Call %(method)s %(url)s") % {
            "method": params.get("method") or "POST",
            "url": params.get("url") or "…",
        }

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        body = phrases.fill_body(str(params.get("body") or ""), context.values)
        return {"status": _call(params["method"], params["url"], body, context.token)}


def _mail_problems(to: str) -> list[str]:
    """Reserved names are fine while mail stays in the outbox; the example's own address never is."""
    if not EMAIL.fullmatch(to):
        return [_("“%(to)s” is not an email address.") % {"to": to}]
    reserved = addresses.is_reserved(to.rpartition("@")[2]) and not registry.get("email").sandboxed()
    return (
        [_("“%(to)s” is an example: nobody reads mail there.") % {"to": to}]
        if (reserved or to.strip().casefold() == EXAMPLE_RECIPIENT)
        else []
    )


def _address_problems(url: str) -> list[str]:
    host, port = http.host_and_port(url)
    if addresses.is_reserved(host) and not addresses.is_allowed(host, port, settings.WEBHOOK_ALLOW):
        return [_("“%(host)s” is an example: nobody answers there.") % {"host": host}]
    try:
        http.refuse_address(url, settings.WEBHOOK_ALLOW)
    except Invalid as refused:
        return [refused.message]
    return []


def _call(method: str, url: str, body: str, token: str) -> int:
    """Send one request, the token as its idempotency key. Raises Retry or Never for any status but 2xx."""
    headers = {"content-type": "application/json", "idempotency-key": token, "user-agent": "csat-workflows/1"}
    answer = http.request(
        method, url, content=body.encode() if body else None, headers=headers, allow=settings.WEBHOOK_ALLOW
    )
    if 200 <= answer.status < 300:
        return answer.status
    text = _("The server responded with %(status)s.") % {"status": answer.status}
    raise (Retry if answer.status == 429 or answer.status >= 500 else Never)(text, code=str(answer.status))
