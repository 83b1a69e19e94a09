"""A call to their API that is written as a template: method, address, headers and JSON body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from csat.connectors.api import Api, quoted
from csat.connectors.payloads import text
from csat.lib import http
from csat.lib.json_limits import refuse_excess
from csat.lib.outcomes import Never
from csat.lib.refusal import Invalid, Problems

METHODS = ("POST", "PUT", "PATCH")
NAMES = ("external_id", "account", "note_id", "score", "label", "comment", "at", "url", "line")
PLACE = re.compile(r"\{([a-z_]+)\}")
HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")


@dataclass(frozen=True)
class Call:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def signed_in(self, secret: str, user: str = "") -> dict[str, str]:
        """The headers, with the token in them."""
        values = {"secret": secret, "user": user}
        return {name: fill(value, values) for name, value in self.headers.items()}

    def send(self, api: Api, values: Mapping[str, Any]) -> str:
        """The id of what was made, where the answer has one. Raises outcomes."""
        path = fill(self.url, {name: quoted(str(value)) for name, value in values.items()})
        if {".", ".."} & set(re.split("[/?#]", path)):
            raise Never("The address would leave its folder.", code="address")
        verb = {"POST": api.post, "PUT": api.put, "PATCH": api.patch}[self.method]
        answer = verb(path, filled(self.body, values))
        return text(answer, "id") or text(answer, "data", "id") or text(answer, "data", "uuid")


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Every {name} replaced once: what a value holds is never taken for a name."""
    return PLACE.sub(lambda match: str(values.get(match[1], match[0])), template)


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The body as JSON values, so that nothing a customer wrote can end a text: the client escapes it. A text
    that is one name alone keeps the kind of its value: "{score}" is a number.
    """
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    alone = PLACE.fullmatch(template)
    return values[alone[1]] if alone and alone[1] in values else fill(template, values)


def parse(given: object, base_url: str, place: str, problems: Problems) -> Call | None:
    """What is wrong goes to `problems`. With a base address, a full URL must be of its host."""
    if not isinstance(given, dict):
        problems.add(place, _("Give an object of names and values."))
        return None
    for name in given.keys() - {"method", "url", "headers", "body"}:
        problems.add(f"{place}.{name}", _("There is no such setting."))
    method = given.get("method", "POST")
    if method not in METHODS:
        problems.add(f"{place}.method", _("Choose one of: %s.") % ", ".join(METHODS))
    with problems.of(f"{place}.url"):
        _check_url(given.get("url"), base_url)
    with problems.of(f"{place}.headers"):
        _check_headers(given.get("headers", {}))
    with problems.of(f"{place}.body"):
        _check_body(given.get("body", {}))
    return Call(method, given.get("url", ""), given.get("headers", {}), given.get("body", {}))


def _check_url(url: object, base_url: str) -> None:
    """Of the connection's own host: a path, or a full URL. No name may stand in the host."""
    if not isinstance(url, str) or not url.startswith(("/", "https://", "http://")):
        raise Invalid(_("Give a path that begins with /, or a full URL of the connection's host."))
    _check_names(url, NAMES)
    if url.startswith("//") or "\\" in url or "@" in url or "{" in url.partition("://")[2].partition("/")[0]:
        raise Invalid(_("Give a path that begins with /, or a full URL of the connection's host."))
    if not url.startswith("/") and base_url and http.host_and_port(url) != http.host_and_port(base_url):
        raise Invalid(_("The URL leads to another host than the connection's."))


def _check_headers(headers: object) -> None:
    if not isinstance(headers, dict):
        raise Invalid(_("Give an object of names and values."))
    for name, value in headers.items():
        if not HEADER.fullmatch(name) or not isinstance(value, str) or not value.isprintable():
            raise Invalid(_("A header is a name of letters and hyphens, and one line of text."))
        _check_names(value, ("secret", "user"))


def _check_body(body: object) -> None:
    """The token stands in a header and nowhere else: bodies are shown to people."""
    if not isinstance(body, dict | list):
        raise Invalid(_("Give a JSON object."))
    refuse_excess(body)
    for value in _texts_in(body):
        _check_names(value, NAMES)


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for part in parts for found in _texts_in(part)]


def _check_names(template: str, names: tuple[str, ...]) -> None:
    for name in PLACE.findall(template):
        if name not in names:
            words = {"name": name, "all": ", ".join(f"{{{known}}}" for known in names)}
            raise Invalid(_("There is no {%(name)s}. There are: %(all)s.") % words)
