"""Any other tool that can send JSON: what its bodies mean is written in a mapping, see section 10 of
connectors.md and csat.connectors.mapping.rows. Presets are this class with fixed rows.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors.api import Api
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.mapping import reader, rows
from csat.connectors.mapping.auth_rules import AuthRule
from csat.connectors.mapping.call_templates import Call
from csat.connectors.payloads import hidden, parse_pasted, text
from csat.lib.refusal import Invalid, Problems
from csat.lib.types import JsonObject, Label

EVENT_HEADER = "x-csat-event"  # of a tool that can say so there; the door sets it from ?event= of the address
MOST = 100  # elements of a body that is a list
WRITTEN = "written"  # stands for the id of a note whose answer tells none
SECRETS = frozenset(
    {"token", "access_token", "refresh_token", "auth_token", "api_key", "apikey", "secret", "client_secret",
     "password", "authorization", "signature", "hmac_token", "pubsub_token"}
)  # fmt: skip
URL = re.compile(r"https?://[^\s\"'<>]+")
SIGNS = ("signature", "sig", "token", "expires", "policy")  # how the names end that make an address a key


class Generic(System):
    kind = "generic"
    label = "Any other tool (JSON webhook)"
    address_optional = True
    resolved: tuple[str, ...] = ("closed_resolved", "resolved", "closed", "solved", "done")
    unresolved: tuple[str, ...] = ("closed_unresolved", "spam", "merged", "deleted")
    inbound_secret = _("Secret of the webhook, or the token in the header X-CSAT-Token")
    api_token = _("Token of its API, if scores are to be written back")
    token_user: Label = _("Login beside the token, if its API needs one")
    headers_kept = (EVENT_HEADER,)
    has_clock = False  # not every tool tells when
    writes: tuple[str, ...] = ("note",)
    steps = (
        Step(_("Make a webhook in your tool: POST, JSON, this URL."), copy="url"),
        Step(
            _(
                "Does it not say which event it is? Make one webhook an event and add ?event=created, "
                "message, assigned, resolved, reopened, merged or deleted to the URL."
            )
        ),
        Step(_("Send a secret with it: a signature, or this header with a long random text."), copy="header"),
        Step(
            _(
                "Let it send one event, then fill the rows of the mapping, under Rules, from the last body "
                "received."
            )
        ),
        Step(_("Switch off the tool's own satisfaction survey, or customers are asked twice.")),
    )
    fixed: JsonObject = {}  # of a preset: its mapping; rows of the connection replace those of the same name

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """By `auth` of the mapping, which needs no rows yet: the first body is what they are made from."""
        problems = Problems()
        given = self.mapping_of(config).get("auth")
        rule = AuthRule() if given is None else AuthRule.parse(given, problems)
        if problems.fields:
            raise BadSignature("The settings of the signature (auth) cannot be used.")
        rule.verify(config.inbound_secrets, headers, raw)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        return parse_pasted(raw)

    def redact(self, body: Any) -> Any:
        return _unsigned(hidden(body, SECRETS))

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        """Of the address or the header, else by the fixed rows, else what most tools call it."""
        if named := headers.get(EVENT_HEADER, ""):
            return named
        if self.fixed:
            return reader.event_of(rows.parse(self.fixed), body)
        return text(body, "event") or text(body, "type")

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        return reader.key(rows.parse(self.fixed), body) if self.fixed else ""

    def identify(self, config: Config, headers: Mapping[str, str], body: Any, raw: bytes) -> tuple[str, str]:
        """By the connection's own mapping; before there is one that can be used, as above."""
        try:
            parsed = self.parsed(config)
        except CannotRead:
            return super().identify(config, headers, body, raw)
        event = headers.get(EVENT_HEADER, "") or reader.event_of(parsed, body)
        return event or self.event_name(headers, body), reader.key(parsed, body)

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """One change for the body, or one for each object of a list."""
        parsed, event = self.parsed(config), headers.get(EVENT_HEADER, "")
        if not isinstance(body, dict | list):
            raise CannotRead("The body is neither an object nor a list.")
        bodies = (
            [part for part in body[:MOST] if isinstance(part, dict)] if isinstance(body, list) else [body]
        )
        return [
            reader.read(parsed, part, event=event, base_url=config.base_url, own_user=config.own_user)
            for part in bodies
        ]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """By the template. A POST makes a note, so it is not sent again but for a score that changed side;
        what is not understood as a note (PUT, PATCH) always tells the newest score.
        """
        parsed = self.parsed(config)
        call = parsed.withdraw if rating.withdrawn else parsed.write_back
        if call is None or not rating.note or (rating.withdrawn and not rating.note_id):
            return rating.note_id
        if call.method == "POST" and rating.note_id and not (rating.changed_side or rating.withdrawn):
            return rating.note_id
        made = call.send(api, _values(config, rating))
        return rating.note_id if rating.withdrawn else made or rating.note_id or WRITTEN

    def auth(self, config: Config) -> Mapping[str, str]:
        """The headers of the template with the token in them; without any, a bearer token."""
        try:
            parsed = rows.parse(self.mapping_of(config))
        except Invalid:
            return {}
        calls: list[Call] = [call for call in (parsed.withdraw, parsed.write_back) if call and call.headers]
        if not calls:
            return {"Authorization": f"Bearer {config.token}"} if config.token else {}
        return {
            name: value
            for call in calls
            for name, value in call.signed_in(config.token, config.token_user).items()
        }

    def check_mapping(self, mapping: Any, base_url: str) -> None:
        rows.parse(self.over_fixed(mapping), base_url)

    def mapping_of(self, config: Config) -> JsonObject:
        return self.over_fixed(config.mapping)

    def over_fixed(self, given: Any) -> JsonObject:
        """The connection's own mapping over the fixed one, row by row."""
        own: JsonObject = {"rows": given} if isinstance(given, list) else dict(given or {})
        for name in ("name", "note"):  # of a preset that was copied
            own.pop(name, None)
        if not self.fixed:
            return own
        rows = own.get("rows", [])
        replaced = (
            {row.get("to") for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
        )
        kept = [row for row in self.fixed["rows"] if row["to"] not in replaced]
        return {**self.fixed, **own, "rows": kept + rows if isinstance(rows, list) else rows}

    def parsed(self, config: Config) -> rows.Mapping:
        """Raises CannotRead in the words of what is wrong with it."""
        try:
            return rows.parse(self.mapping_of(config), config.base_url)
        except Invalid as refused:
            raise CannotRead(f"The mapping cannot be used. {refused.words}"[:500]) from refused


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic; none without a password."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {login}"} if user and password else {}


def _values(config: Config, rating: Rating) -> dict[str, object]:
    return {
        "external_id": rating.external_id,
        "account": config.account,
        "note_id": rating.note_id,
        "score": rating.score,
        "label": rating.label,
        "comment": rating.comment,
        "at": rating.at.isoformat(),
        "url": rating.url,
        "line": rating.line,
    }


def _unsigned(value: Any) -> Any:
    """Signed addresses without what signs them; `hidden` has cut what lies too deep."""
    if isinstance(value, str):
        return URL.sub(_without_signature, value) if "://" in value else value
    if isinstance(value, list):
        return [_unsigned(part) for part in value]
    return {key: _unsigned(part) for key, part in value.items()} if isinstance(value, dict) else value


def _without_signature(found: re.Match[str]) -> str:
    address, _mark, query = found[0].partition("?")
    names = [part.partition("=")[0].lower() for part in query.split("&")]
    return address if any(name.endswith(SIGNS) for name in names) else found[0]
