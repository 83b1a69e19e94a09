"""SITE_URL, asked from this machine as a customer would: who answers there, and what proxies told them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.lib import http
from csat.lib.outcomes import Outcome
from csat.lib.types import JsonObject

HEADER = "X-Doctor"  # of the request: whoever has our SECRET_KEY answers it with what it saw
SECONDS = 5.0
VALID = 60  # seconds, of a ticket


def seen(headers: Mapping[str, str], meta: Mapping[str, Any], *, secure: bool) -> JsonObject | None:
    """What the web server saw of a request that bears our ticket; None for anybody else's."""
    try:
        signing.TimestampSigner(salt=HEADER).unsign(headers.get(HEADER, ""), max_age=VALID)
    except signing.BadSignature:
        return None
    hops = [hop for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    return {"proxies": len(hops), "secure": secure}


def examine() -> Iterator[Finding]:
    """One request, without the database."""
    url = f"{settings.SITE_URL}/health/live"
    ticket = signing.TimestampSigner(salt=HEADER).sign("doctor")
    try:
        with http.Client() as client:
            answer = client.request("GET", url, headers={HEADER: ticket}, seconds=SECONDS)
    except Outcome as outcome:
        text = _("%(url)s cannot be reached from this machine: %(why)s")
        todo = _("Open it in a browser: if it does not open there either, mend SITE_URL or the proxy.")
        yield warning(Area.SITE, text % {"url": url, "why": outcome.text}, todo)
        return
    body = _body(answer)
    if not answer.ok or "version" not in body:
        yield _somebody_else(url, answer)
    elif "seen" not in body:
        text = _("At %(url)s an installation with another SECRET_KEY answers.") % {"url": url}
        todo = _("Give all machines the same SECRET_KEY, or let SITE_URL name this installation.")
        yield error(Area.SITE, text, todo)
    else:
        yield from _of_proxies(body["seen"])
        if body["version"] != settings.VERSION:
            text = _("Version %(theirs)s answers, this code is %(ours)s.")
            versions = {"theirs": body["version"], "ours": settings.VERSION}
            yield warning(Area.SITE, text % versions, _("Restart the web server."))


def _body(answer: http.Answer) -> JsonObject:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _somebody_else(url: str, answer: http.Answer) -> Finding:
    todo = _("Let SITE_URL be the address of this installation, and ALLOWED_HOSTS name its host.")
    text = _("%(url)s answers %(status)d, and not as this application does.")
    if 300 <= answer.status < 400:
        text = _("%(url)s answers %(status)d: it leads elsewhere.")
        todo = _("Let SITE_URL be the address to which it leads.")
    elif answer.status == 400:
        text = _("%(url)s answers 400: the web server does not know this host.")
    elif answer.status in (502, 503, 504):
        text = _("%(url)s answers %(status)d: the proxy finds no web server behind it.")
        todo = _("Start the web server, and look at its log.")
    return error(Area.SITE, text % {"url": url, "status": answer.status}, todo)


def _of_proxies(there: JsonObject) -> Iterator[Finding]:
    number, believed = there["proxies"], settings.TRUSTED_PROXIES
    if number != believed:
        text = _("%(number)d proxies stand before the web server, and TRUSTED_PROXIES is %(believed)d.")
        todo = _(
            "Set TRUSTED_PROXIES to %(number)d if all of them are yours, and let each add to X-Forwarded-For:"
            " until then rate limits and logins count a wrong address."
        )
        numbers = {"number": number, "believed": believed}
        yield error(Area.SITE, text % numbers, todo % numbers)
    elif settings.HTTPS and not there["secure"]:
        text = _("The proxy does not say that it was asked by https.")
        yield error(Area.SITE, text, _("Let it set X-Forwarded-Proto, as deploy/nginx.conf does."))
    else:
        yield ok(Area.SITE, _("%(url)s leads here.") % {"url": settings.SITE_URL})
