"""A row of a file as a past conversation: cleaned, its rating on our scale, its own value kept."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.imports import files, scales, times
from csat.imports.files import Cells
from csat.imports.models import Import
from csat.lib import languages
from csat.lib.refusal import Invalid, Problems, Refused
from csat.lib.text import clean, identifier, one_line
from csat.people.details import Details
from csat.people.models import Organization
from csat.surveys.answers.answering import MAX_COMMENT

BATCH = 500  # SQLite lets nobody else write meanwhile
MAX_TICKET = 150
GUARDED = re.compile(r"^'(?=[=+\-@%|\t\r])")  # by whoever wrote the file, so that no spreadsheet runs it
LINK = re.compile(r"^https?://\S+$", re.IGNORECASE)
NUMBER_IN_LINK = re.compile(r"/(?:conversations?|tickets?|cases?|requests?)/(\w[\w-]*)", re.I)
AGENT = re.compile(r"^(?P<name>.*?)\s*[(<]\s*(?P<email>[^\s()<>]+@[^\s()<>]+)\s*[)>]$")
CHANNELS = {
    "web": Channel.WEB, "chat": Channel.WEB, "live chat": Channel.WEB, "website": Channel.WEB,
    "web chat": Channel.WEB, "web widget": Channel.WEB, "webwidget": Channel.WEB, "widget": Channel.WEB,
    "messaging": Channel.WEB, "email": Channel.EMAIL, "e-mail": Channel.EMAIL, "mail": Channel.EMAIL,
    "web form": Channel.EMAIL, "portal": Channel.EMAIL, "feedback widget": Channel.EMAIL, "sms": Channel.SMS,
    "text": Channel.SMS, "twiliosms": Channel.SMS, "whatsapp": Channel.WHATSAPP, "phone": Channel.PHONE,
    "voice": Channel.PHONE, "call": Channel.PHONE, "phone_voice": Channel.PHONE, "slack": Channel.SLACK,
    "api": Channel.API, "web_voice": Channel.WEB_VOICE, "facebook": Channel.MESSENGER,
    "facebookpage": Channel.MESSENGER, "messenger": Channel.MESSENGER, "instagram": Channel.INSTAGRAM,
}  # fmt: skip
CHATS = {Import.Kind.CHATWOOT, Import.Kind.INTERCOM}
CSAT_TYPES = {"", "csat", "smileys", "thumbs", "csat5", "csat3"}


@dataclass
class PastConversation:
    """One conversation of a file; `score` is None when the customer did not rate it."""

    number: int
    external_id: str
    at: datetime
    score: int | None
    comment: str
    original: dict[str, str] = field(default_factory=dict)  # value and scale
    details: Details = field(default_factory=Details)
    left_out: list[str] = field(default_factory=list)
    agent: tuple[str, str] = ("", "")  # name, email
    team: str = ""
    channel: str = Channel.EMAIL
    language: str = ""
    subject: str = ""

    @property
    def answer(self) -> tuple[str, datetime, int | None, str]:
        """What makes it another answer than those that are stored."""
        return self.external_id, self.at, self.score, self.comment


@dataclass
class Batch:
    """Up to 500 rows of a file. `last` is the number of the last one."""

    conversations: list[PastConversation] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)  # number, reason
    last: int = 0


class Reader:
    """Reads the rows of one file, in their order."""

    def __init__(self, source: Import, *, zone: tzinfo) -> None:
        self.kind = source.kind
        self.connection: str = source.mapping.get("connection", "")
        self.columns: dict[str, int] = source.mapping["columns"]
        self.scale: str = source.mapping["scale"]
        self.day_first: bool = source.mapping["day_first"]
        self.zone = zone
        self.repeated: Counter[str] = Counter()  # of rows that name no conversation

    def read(self, number: int, cells: Cells) -> PastConversation | None:
        """None for a row that is no conversation. Raises Invalid naming every field that is wrong."""
        if self._is_footer(cells):
            return None
        problems = Problems()
        score, at, comment = None, None, ""
        with problems.of("survey_type"):
            _check_type(self._cell(cells, "survey_type"))
        with problems.of("score"):
            score = scales.convert(self._cell(cells, "score"), self.scale)
        with problems.of("when"):
            at = times.read(self._cell(cells, "when"), zone=self.zone, day_first=self.day_first)
        with problems.of("comment"):
            comment = _comment(self._cell(cells, "comment"))
        problems.check()
        assert at
        original = {"value": one_line(self._cell(cells, "score"))[:40], "scale": self.scale}
        details, left_out = self._details(cells)
        return PastConversation(
            number=number,
            external_id=self._external_id(cells, at),
            at=at,
            score=score,
            comment=comment if score else "",
            original=original if score else {},
            details=details,
            left_out=left_out,
            agent=self._agent(cells),
            team=one_line(self._cell(cells, "team"))[:120],
            channel=self._channel(cells),
            language=languages.name_of(self._cell(cells, "language")),
            subject=one_line(self._cell(cells, "subject"))[:500],
        )

    def _cell(self, cells: Cells, name: str) -> str:
        index = self.columns.get(name)
        return GUARDED.sub("", cells[index].strip()) if index is not None and index < len(cells) else ""

    def _is_footer(self, cells: Cells) -> bool:
        """Chatwoot ends its files with a sentence about the period."""
        return self.kind == Import.Kind.CHATWOOT and not any(cell.strip() for cell in cells[1:])

    def _details(self, cells: Cells) -> tuple[Details, list[str]]:
        given = {name: self._cell(cells, name) for name in ("email", "phone", "name")}
        if given["email"] and "@" not in given["email"] and not given["name"]:
            given = given | {"email": "", "name": given["email"]}
        return Details.usable(**given | {"name": one_line(given["name"])[:200]})

    def _external_id(self, cells: Cells, at: datetime) -> str:
        """The number of the conversation; without one, what the row says and how often it has said it."""
        if ticket := _ticket(self._cell(cells, "ticket")):
            return f"{self.connection or f'import:{self.kind}'}:{ticket}"
        if not self._cell(cells, "score"):
            text = _("There is neither a rating nor the number of a conversation.")
            raise Invalid(text, fields={"score": [text]})
        said = [self._cell(cells, name) for name in ("email", "phone", "name", "agent", "score", "comment")]
        digest = _digest([at.isoformat(), *said])
        self.repeated[digest] += 1
        time = self.repeated[digest]
        return f"import:{self.kind}:{digest}" + (f":{time}" if time > 1 else "")

    def _agent(self, cells: Cells) -> tuple[str, str]:
        """`Ben`, `Ben (ben@acme.example)`, `ben@acme.example`; of several the first."""
        several = r"[;\n,]" if self.kind == Import.Kind.SIMPLESAT else r"[;\n]"
        text = one_line(re.split(several, self._cell(cells, "agent"))[0])
        email = self._cell(cells, "agent_email")
        if match := AGENT.match(text):
            return match["name"][:200], email or match["email"]
        return ("", email or text) if "@" in text else (text[:200], email)

    def _channel(self, cells: Cells) -> str:
        text = self._cell(cells, "channel").lower().removeprefix("channel::").strip()
        return CHANNELS.get(text, Channel.WEB if self.kind in CHATS else Channel.EMAIL)


def batches(source: Import, *, after: int = 0) -> Iterator[Batch]:
    """The rows below the header, behind row `after`. Raises Invalid for a file that cannot be read."""
    reader, batch = Reader(source, zone=ZoneInfo(Organization.current().timezone)), Batch()
    with files.rows(source.file) as numbered:
        for number, cells in islice(numbered, 1, None):
            if number <= after:
                _read(reader, number, cells, into=Batch())  # it counts what repeats
                continue
            _read(reader, number, cells, into=batch)
            if len(batch.conversations) + len(batch.refused) >= BATCH:
                yield batch
                batch = Batch()
    if batch.last:
        yield batch


def _read(reader: Reader, number: int, cells: Cells, *, into: Batch) -> None:
    into.last = number
    try:
        conversation = reader.read(number, cells)
    except Refused as refused:
        into.refused.append((number, refused.words[:300]))
    else:
        into.conversations += [conversation] if conversation else []


def _check_type(survey_type: str) -> None:
    if survey_type.lower() not in CSAT_TYPES:
        text = _("Only ratings of satisfaction are imported, no NPS and no CES.")
        raise Invalid(text, fields={"survey_type": [text]})


def _comment(text: str) -> str:
    comment = clean(text)
    if len(comment) > MAX_COMMENT:
        text = _("At most %(n)d characters.") % {"n": MAX_COMMENT}
        raise Invalid(text, fields={"comment": [text]})
    return comment


def _ticket(text: str) -> str:
    """`4021` of `#4021` and of `https://chat.acme.example/app/accounts/1/conversations/4021`."""
    text = identifier(text).removeprefix("#").strip()
    if LINK.match(text):
        path = text.split("?")[0].split("#")[0].rstrip("/")
        numbers = NUMBER_IN_LINK.findall(path)
        text = numbers[-1] if numbers else path.rpartition("/")[2]
    return text if len(text) <= MAX_TICKET else _digest([text])


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]
