"""Jira Service Management: an admin webhook with a secret, a second look by the API, the score as comment.

Facts: design/connectors.md sections 2 to 8. What counts of a status is its category: names are the project's.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step
from csat.connectors.changes import Change, ChangeType, Customer, FoundBy
from csat.connectors.mapping import reader
from csat.connectors.payloads import moment, objects, text
from csat.connectors.systems.generic import Generic, basic
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "jira:issue_created": "created",
    "jira:issue_updated": "status",
    "jira:issue_deleted": "deleted",
    "comment_created": "message",
}
CHANNELS = {"portal": "web", "email": "email", "api": "api"}  # [M] request channel type
OUR_LABELS = {"csat_good", "csat_bad"}
CUSTOMER, APP = "customer", "app"  # accountType; [M] in webhooks
INTERNAL = [
    {"key": "sd.public.comment", "value": {"internal": True}}
]  # [M] so that an edit keeps it internal

ROWS: list[JsonObject] = [
    {"to": "external_id", "path": "issue.key", "required": True},
    {"to": "status", "path": "issue.fields.status.statusCategory.key"},
    {"to": "channel", "path": "issue.properties['request.channel.type'].value", "map": CHANNELS},
    {"to": "inbox", "path": "issue.fields.project.key"},
    {"to": "inbox_name", "path": "issue.fields.project.name"},
    {"to": "subject", "path": "issue.fields.summary"},
    {"to": "contact.external_id", "path": "issue.fields.reporter.accountId"},
    {"to": "contact.email", "path": "issue.fields.reporter.emailAddress"},
    {"to": "contact.name", "path": "issue.fields.reporter.displayName"},
    {"to": "assignee.id", "path": "issue.fields.assignee.accountId"},
    {"to": "assignee.email", "path": "issue.fields.assignee.emailAddress"},
    {"to": "assignee.name", "path": "issue.fields.assignee.displayName"},
    {"to": "language", "path": "issue.fields.language", "transform": "language"},  # [M]
    {"to": "tags", "path": "issue.fields.labels[*]"},
    {"to": "created_at", "path": "issue.fields.created", "transform": "iso8601"},
    {"to": "occurred_at", "paths": ["timestamp", "issue.fields.updated"], "transform": "iso8601"},
    {"to": "actor.id", "paths": ["user.accountId", "comment.author.accountId"]},
    {"to": "actor.email", "paths": ["user.emailAddress", "comment.author.emailAddress"]},
    {"to": "actor.name", "paths": ["user.displayName", "comment.author.displayName"]},
    {"to": "actor.kind", "paths": ["user.accountType", "comment.author.accountType"],
     "map": {APP: "system", CUSTOMER: "customer", "*": "human"}},
    {"to": "closed_by", "path": "user.accountType", "map": {APP: "automatic", "atlassian": "human", "*": ""}},
    {"to": "message.id", "path": "comment.id"},
    {"to": "message.text", "path": "comment.body"},
    {"to": "message.at", "path": "comment.created", "transform": "iso8601"},
    {"to": "message.sender", "path": "comment.author.accountType",
     "map": {CUSTOMER: "contact", APP: "ai", "*": "agent"}, "default": "agent"},
    # [M] only what says that the customer sees it is a message
    {"to": "message.private", "path": "comment.jsdPublic",
     "map": {"true": "false", "*": "true"}, "default": "true"},
]  # fmt: skip


class Jsm(Generic):
    kind = "jsm"
    label = "Jira Service Management"
    address_optional = False
    resolved = ("done",)
    unresolved = ()
    asks = {
        "score_field": _("ID of the number field for the score, such as customfield_10050, if there is one")
    }
    inbound_secret = _("Secret of the webhook")
    api_token = _("API token of the agent CSAT")
    token_user = _("E-mail of that agent")
    headers_kept = ("x-atlassian-webhook-identifier",)
    has_clock = True
    writes = ("note", "fields", "tag")
    steps = (
        Step(_("Settings > System > WebHooks > Create a WebHook, with this URL."), copy="url"),
        Step(_("Give it a secret there, and the same one here: without it they sign nothing.")),
        Step(
            _("JQL: project = HELP (your project). Events: issue created, updated, deleted; comment created.")
        ),
        Step(
            _(
                "An API token of an agent CSAT, who may browse users: the customer's e-mail is hidden in "
                "webhooks and is looked up."
            )
        ),
        Step(_("Project settings > Satisfaction settings: off, or customers are asked twice.")),
    )
    fixed = {
        "auth": {"kind": "hmac", "header": "X-Hub-Signature", "prefix": "sha256="},
        "event": {"path": "webhookEvent", "values": EVENTS},
        "url": "{base_url}/browse/{external_id}",
        "rows": ROWS,
    }

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        """[M] The same on their retries."""
        return headers.get("x-atlassian-webhook-identifier", "")

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        return [
            self._completed(config, change, body, fetch)
            for change in super().read(config, headers, body, fetch)
        ]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        path = f"/rest/api/3/issue/{quoted(external_id)}"
        issue = get_or_none(api, path, properties="request.channel.type")
        if not text(issue, "key"):
            return None
        change = reader.read(self.parsed(config), {"issue": issue}, base_url=config.base_url)
        return replace(_with_address(change, api), found_by=FoundBy.POLL)

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Field and label first, which may be written again; the internal comment last."""
        key = quoted(rating.external_id)
        values: JsonObject = {}
        if rating.fields and (name := config.fields.get("score_field", "")):
            values["fields"] = {name: None if rating.withdrawn else rating.score}
        if rating.tag:
            ours, other = rating.tags
            verbs = ("remove", "remove") if rating.withdrawn else ("add", "remove")
            values["update"] = {"labels": [{verbs[0]: ours}, {verbs[1]: other}]}
        if values:
            api.put(f"/rest/api/3/issue/{key}", values)
        if not rating.note:
            return rating.note_id
        request, issue = f"/rest/servicedeskapi/request/{key}/comment", f"/rest/api/2/issue/{key}/comment"
        return notes.write(
            rating,
            known=lambda: _comments(api.get(issue, orderBy="created", maxResults=100)),
            edit=lambda note, words: api.put(
                f"{issue}/{quoted(note)}", {"body": words, "properties": INTERNAL}
            ),
            add=lambda words: text(api.post(request, {"body": words, "public": False}), "id"),
        )

    def auth(self, config: Config) -> Mapping[str, str]:
        return basic(config.token_user, config.token)

    def _completed(self, config: Config, change: Change, body: Any, fetch: Api | None) -> Change:
        """What no row can tell: whether only we changed it, who wrote, and the address that they hide."""
        if not change.external_id or change.not_used:
            return change
        fields = {text(item, "field") for item in objects(body, "changelog", "items")}
        if "status" not in fields:
            change = replace(change, ended_at=_ended_at(body))
        if change.type == ChangeType.STATUS and "assignee" in fields and "status" not in fields:
            change = replace(change, type=ChangeType.ASSIGNED)
        if _is_own_change(body, config.fields.get("score_field", "")):
            change = replace(change, ours=True)
        author, reporter = text(body, "comment", "author", "accountId"), change.customer
        if author and reporter and author == reporter.external_id:
            told = tuple(replace(said, sender="contact", author=None) for said in change.messages)
            change = replace(change, messages=told)
        return _with_address(change, fetch) if fetch and not change.ours else change


def _ended_at(body: Any) -> datetime | None:
    """Since when it is done, of an event that is about something else."""
    names = "statuscategorychangedate", "resolutiondate", "created"
    return next((at for name in names if (at := moment(body, "issue", "fields", name))), None)


def _is_own_change(body: Any, score_field: str) -> bool:
    """Whether every changed field is one that we write."""
    changed = objects(body, "changelog", "items")
    return bool(changed) and all(_is_our_field(item, score_field) for item in changed)


def _is_our_field(item: JsonObject, score_field: str) -> bool:
    if score_field and text(item, "fieldId") == score_field:
        return True
    before, after = (set(text(item, name).split()) for name in ("fromString", "toString"))
    return text(item, "field") == "labels" and bool(before ^ after) and before ^ after <= OUR_LABELS


def _with_address(change: Change, api: Api) -> Change:
    """The reporter's address from their profile, where the token may see it."""
    customer = change.customer or Customer()
    if customer.email or not customer.external_id:
        return change
    try:
        profile = get_or_none(api, "/rest/api/3/user", accountId=customer.external_id)
    except Never as error:
        if error.code not in ("400", "403"):
            raise
        return change
    return replace(change, customer=replace(customer, email=text(profile, "emailAddress")))


def _comments(answer: Any) -> list[notes.Note]:
    return [notes.Note(text(one, "id"), text(one, "body")) for one in objects(answer, "comments")]
