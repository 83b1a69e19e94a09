"""Steps that speak to other systems and people."""

import json
import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import notices
from csat.lib import http
from csat.lib.outcomes import Never, Retry
from csat.lib.refusal import Invalid
from csat.workflows import wording
from csat.workflows.actions.base import Action, Context, Param
from csat.workflows.actions.conversation import PLACEHOLDERS

VIA = (("email", gettext_lazy("Email")), ("slack", gettext_lazy("Slack")), ("webhook", gettext_lazy("Webhook")))
METHODS = tuple((name, name) for name in ("POST", "GET", "PUT", "PATCH", "DELETE"))
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Notify(Action):
    type = "notify"
    label = gettext_lazy("Notify")
    help = gettext_lazy("Tells a colleague by email, a Slack channel or another system.")
    outside = True
    params = (
        Param("via", gettext_lazy("By"), "choice", choices=VIA),
        Param("to", gettext_lazy("To"), help=gettext_lazy("An email address, a Slack channel or a URL.")),
        Param("message", gettext_lazy("Message"), "area", help=PLACEHOLDERS),
    )

    def problems(self, params: dict[str, Any]) -> list[str]:
        found = super().problems(params)
        to = str(params.get("to") or "")
        if not found and params["via"] == "email" and not EMAIL.fullmatch(to):
            found.append(_("“%(to)s” is not an email address.") % {"to": to})
        if not found and params["via"] == "webhook":
            found += _address_problems(to)
        return found

    def sentence(self, params: dict[str, Any]) -> str:
        via = dict(VIA).get(params.get("via", ""), "…")
        return _("Notify %(to)s by %(via)s") % {"to": params.get("to") or "…", "via": str(via).lower() if via != "Slack" else via}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        text = wording.filled(params["message"], context.values)
        if params["via"] == "webhook":
            body = {
                "text": text,
                "session_id": context.facts["session"]["id"],
                "csat": context.facts["csat"],
                "contact": context.facts["contact"],
            }
            return {"text": text, "status": _call("POST", params["to"], json.dumps(body, ensure_ascii=False), context.token)}
        subject = _("Conversation #%(number)s") % {"number": context.session.ticket_number}
        provider_id = notices.send(
            params["via"], to=params["to"], subject=subject, text=text, token=context.token, again=context.step.interrupted
        )
        return {"text": text, "provider_id": provider_id}


class HttpRequest(Action):
    type = "http_request"
    label = gettext_lazy("HTTP request")
    help = gettext_lazy("Calls another system; the address guard of webhooks applies.")
    outside = True
    params = (
        Param("method", gettext_lazy("Method"), "choice", choices=METHODS),
        Param("url", gettext_lazy("URL")),
        Param("body", gettext_lazy("Body"), "area", required=False, help=PLACEHOLDERS),
    )

    def problems(self, params: dict[str, Any]) -> list[str]:
        return super().problems(params) or _address_problems(str(params["url"]))

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Call %(method)s %(url)s") % {"method": params.get("method") or "POST", "url": params.get("url") or "…"}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        body = wording.filled_body(str(params.get("body") or ""), context.values)
        return {"status": _call(params["method"], params["url"], body, context.token)}


def _address_problems(url: str) -> list[str]:
    try:
        http.refuse_address(url, settings.WEBHOOK_ALLOW)
    except Invalid as refused:
        return [refused.message]
    return []


def _call(method: str, url: str, body: str, token: str) -> int:
    """One call under a key that stays the same when the step is repeated; anything but 2xx is an error."""
    headers = {"content-type": "application/json", "idempotency-key": token, "user-agent": "csat-workflows/1"}
    answer = http.request(method, url, content=body.encode() if body else None, headers=headers, allow=settings.WEBHOOK_ALLOW)
    if 200 <= answer.status < 300:
        return answer.status
    words = _("It answered %(status)s.") % {"status": answer.status}
    raise (Retry if answer.status == 429 or answer.status >= 500 else Never)(words, code=str(answer.status))
