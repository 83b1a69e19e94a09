"""What the rating page says about the conversation."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from csat.channels.faces import FACES, Face
from csat.lib.languages import known
from csat.sessions.models import Session
from csat.surveys import clearing, speaking
from csat.surveys.about import About
from csat.surveys.models import CsatSettings, Survey


@dataclass(frozen=True)
class Words:
    question: str
    intro: str
    about: str  # which conversation
    faces: tuple[Face, ...]
    reasons: list[tuple[str, object]]  # "What was it about?"; empty when that is not asked
    languages: list[tuple[str, str]]  # code, its own name; empty when there is no choice


def of(survey: Survey, rules: CsatSettings, *, language: str) -> Words:
    session = survey.session
    agent = session.resolver or session.assignee
    name = agent.name if agent else ""
    with translation.override(language):
        return Words(
            question=_("How was your conversation with %(name)s?") % {"name": name or rules.brand_name},
            intro=speaking.intro(
                rules, language=language, message=survey.message,
                contact_name=session.contact.name, agent_name=name, ticket_number=session.pk,
            ),
            about=_("About your conversation on %(date)s, #%(number)s") % {"date": _date(session), "number": session.pk},
            faces=FACES,
            reasons=[(str(value), label) for value, label in About.choices] if rules.ask_about else [],
            languages=_languages(rules),
        )  # fmt: skip


def _date(session: Session) -> str:
    at = timezone.localtime(session.resolved_at or session.created_at, clearing.zone_of(session.contact))
    return str(formats.date_format(_plain(at), "MONTH_DAY_FORMAT"))


def _plain(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def _languages(rules: CsatSettings) -> list[tuple[str, str]]:
    names = dict(settings.LANGUAGES)
    codes = list(dict.fromkeys(known(code, "") for code in rules.languages)) if rules.languages else list(names)
    found = [(code, names[code]) for code in codes if code]
    return found if len(found) > 1 else []
