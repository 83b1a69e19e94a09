"""Salesforce Service Cloud: a Flow on Case that calls us with a body of ours, and the score as fields.

Facts: design/connectors.md sections 2 to 8. Outbound Messages (SOAP) are left out.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none
from csat.connectors.base import Config, Rating, Step
from csat.connectors.changes import Change, FoundBy, Person
from csat.connectors.mapping import reader
from csat.connectors.payloads import dig, objects, text
from csat.connectors.systems.generic import Generic
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

INTERNAL = "InternalUsers"  # [M] a post that customers of a community do not see
API = "/services/data/v62.0"
ID = re.compile(r"[A-Za-z0-9]{15,20}")  # 15 or 18; what matters is that nothing ends a query
CHANNELS = {"Email": "email", "Web": "web", "Chat": "web", "Phone": "phone_voice", "SMS": "sms",
            "WhatsApp": "whatsapp"}  # fmt: skip  # [M] a free list of each company
SELECT = (
    "SELECT Id, CaseNumber, Status, IsClosed, Origin, Subject, ClosedDate, CreatedDate, LastModifiedDate, "
    "SuppliedEmail, Contact.Id, Contact.Name, Contact.Email, Contact.Phone, Contact.MobilePhone, "
    "Owner.Id, Owner.Name, Owner.Email, Owner.Type FROM Case"
)
POSTS = "SELECT Id, Body FROM CaseFeed WHERE ParentId = '{case}' ORDER BY CreatedDate DESC LIMIT 100"
FIELDS = {
    "csat_score": "CSAT_Score__c",
    "csat_label": "CSAT_Label__c",
    "csat_comment": "CSAT_Comment__c",
    "csat_at": "CSAT_At__c",
    "csat_url": "CSAT_Url__c",
}
STATE = {
    "true": "closed",
    "false": "open",
    "resolved": "closed",
    "closed": "closed",
    "reopened": "open",
    "*": "",
}

ROWS: list[JsonObject] = [
    {"to": "external_id", "path": "case.Id", "required": True},
    # the state decides; what the Flow calls it only where it forgot to send IsClosed
    {"to": "status", "paths": ["case.IsClosed", "event"], "map": STATE},
    {"to": "channel", "path": "case.Origin", "map": CHANNELS},
    {"to": "subject", "path": "case.Subject"},
    {"to": "language", "path": "case.Language", "transform": "language"},
    {"to": "contact.external_id", "path": "contact.Id"},
    {"to": "contact.email", "paths": ["contact.Email", "contact.SuppliedEmail"]},
    {"to": "contact.phone", "paths": ["contact.Phone", "contact.MobilePhone"]},
    {"to": "contact.name", "path": "contact.Name"},
    {"to": "assignee.id", "path": "owner.Id"},
    {"to": "assignee.email", "path": "owner.Email"},
    {"to": "assignee.name", "path": "owner.Name"},
    {"to": "closed_by", "path": "owner.Type", "map": {"Queue": "automatic", "*": ""}},  # [M]
    {"to": "created_at", "path": "case.CreatedDate", "transform": "iso8601"},
    {"to": "occurred_at", "paths": ["case.LastModifiedDate", "case.ClosedDate"], "transform": "iso8601"},
]


class Salesforce(Generic):
    kind = "salesforce"
    label = "Salesforce"
    address_optional = False
    resolved = ("closed",)  # IsClosed
    unresolved = ()
    inbound_secret = _("A long random text, the same in the header X-CSAT-Token of the Named Credential")
    api_token = _("Access token of the Connected App, if scores are to be written back")
    token_user = ""
    writes = ("note", "fields")
    steps = (
        Step(
            _(
                "Setup > Named Credentials: this URL, with the header X-CSAT-Token and a long random text, "
                "which you enter here too."
            ),
            copy="url",
        ),
        Step(
            _(
                "A record-triggered Flow on Case, asynchronous path, when “IsClosed changed to true”: HTTP "
                "Callout, POST, with this body. Add a fault path, or failures are silent."
            ),
            copy="template",
        ),
        Step(_('The same Flow for “IsClosed changed to false”, with "event": "reopened".')),
        Step(
            _(
                "To write scores back: a Connected App, its token here, and the fields CSAT_Score__c, "
                "CSAT_Label__c, CSAT_Comment__c, CSAT_At__c and CSAT_Url__c on Case."
            )
        ),
        Step(
            _(
                "Switch off surveys that Salesforce sends after a case is closed, or customers are asked "
                "twice."
            )
        ),
    )
    # what people write stands first: a text that breaks out of its quotation marks is overruled below
    template = """{
  "contact": {
    "Name": "{!$Record.Contact.Name}",
    "Id": "{!$Record.Contact.Id}",
    "Email": "{!$Record.Contact.Email}",
    "Phone": "{!$Record.Contact.Phone}",
    "SuppliedEmail": "{!$Record.SuppliedEmail}"
  },
  "owner": {
    "Id": "{!$Record.Owner:User.Id}",
    "Name": "{!$Record.Owner:User.Name}",
    "Email": "{!$Record.Owner:User.Email}",
    "Type": "User"
  },
  "case": {
    "Subject": "{!$Record.Subject}",
    "Origin": "{!$Record.Origin}",
    "Status": "{!$Record.Status}",
    "CaseNumber": "{!$Record.CaseNumber}",
    "CreatedDate": "{!$Record.CreatedDate}",
    "ClosedDate": "{!$Record.ClosedDate}",
    "LastModifiedDate": "{!$Record.LastModifiedDate}",
    "IsClosed": "{!$Record.IsClosed}",
    "Id": "{!$Record.Id}"
  },
  "event": "resolved",
  "v": 1
}"""
    fixed = {
        "event": {
            "path": "event",
            "values": {"resolved": "status", "closed": "status", "reopened": "status"},
        },
        "url": "{base_url}/lightning/r/Case/{external_id}/view",
        "rows": ROWS,
    }

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        parts = body if isinstance(body, list) else [body]
        owners = [text(part, "owner", "Type") for part in parts if isinstance(part, dict)]
        changes = super().read(config, headers, body, fetch)
        return [_owned(change, owner) for change, owner in zip(changes, owners, strict=False)]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """By a query, as contact and owner are other objects; a deleted case is in no answer."""
        where = f"WHERE Id = '{_case(external_id)}'"
        records = objects(get_or_none(api, f"{API}/query", q=f"{SELECT} {where}"), "records")
        return self._change(config, records[0]) if records else None

    def latest(self, config: Config, api: Api) -> list[Change]:
        found = api.get(f"{API}/query", q=f"{SELECT} ORDER BY LastModifiedDate DESC LIMIT 5")
        return [self._change(config, record) for record in objects(found, "records")[:5]]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """The fields first, which may be written again; the post last. A PATCH leaves others alone."""
        case = _case(rating.external_id)
        if rating.fields:
            values = {FIELDS[name]: value for name, value in rating.values.items()}
            api.patch(f"{API}/sobjects/Case/{case}", values)
        if not rating.note:
            return rating.note_id
        feed = f"{API}/sobjects/FeedItem"
        return notes.write(
            rating,
            known=lambda: _posts(api, case),
            edit=lambda post, words: api.patch(f"{feed}/{_case(post)}", {"Body": words}),
            add=lambda words: text(
                api.post(feed, {"ParentId": case, "Body": words, "Visibility": INTERNAL}), "id"
            ),
        )

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}"} if config.token else {}

    def _change(self, config: Config, record: JsonObject) -> Change:
        """Of a record of the API, by the same rows."""
        supplied = {"SuppliedEmail": dig(record, "SuppliedEmail")}
        contact = dig(record, "Contact")
        body = {
            "case": record,
            "contact": {**contact, **supplied} if isinstance(contact, dict) else supplied,
            "owner": dig(record, "Owner"),
        }
        change = reader.read(self.parsed(config), body, base_url=config.base_url)
        return replace(_owned(change, text(record, "Owner", "Type")), found_by=FoundBy.POLL)


def _owned(change: Change, owner_type: str) -> Change:
    """A queue is a team and no agent."""
    if owner_type != "Queue" or not change.assignee:
        return change
    owner: Person = change.assignee
    return replace(change, assignee=None, team=owner.name)


def _posts(api: Api, case: str) -> list[notes.Note]:
    """The last hundred of the case's feed [M], oldest first."""
    query = POSTS.format(case=case)
    found = objects(api.get(f"{API}/query", q=query), "records")
    return [notes.Note(text(post, "Id"), text(post, "Body")) for post in reversed(found)]


def _case(external_id: str) -> str:
    """An id as they make them, of a case or a post, so that it may stand in a query."""
    if not ID.fullmatch(external_id):
        raise Never("This is no id of theirs.", code="404")
    return external_id
