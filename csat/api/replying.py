"""What goes back to whoever answered on the channel itself: a line by SMS or WhatsApp, the choice and a comment box in Slack."""

import structlog

from csat.channels import answers, wishes
from csat.channels.base import Update, What
from csat.channels.kinds import Medium
from csat.channels.transports import slack_answers
from csat.lib.outcomes import Outcome
from csat.surveys.hearing import Heard, Meant
from csat.surveys.models import CsatSettings

log = structlog.get_logger(__name__)


def by_text(update: Update, heard: Heard | None) -> str:
    """The one short line for the sender; empty: nothing goes back."""
    if heard is None or update.raw.get("OptOutType"):  # then Twilio has answered it
        return ""
    return {
        Meant.RATED: lambda: answers.thanks(heard.score, language=heard.language),
        Meant.COMMENTED: lambda: answers.thanks_for_comment(language=heard.language),
        Meant.UNCLEAR: lambda: answers.ask_back(language=heard.language),
        Meant.HELPED: lambda: answers.help_text(brand=CsatSettings.current().brand_name, language=heard.language),
        Meant.STOPPED: lambda: _confirmed(update, answers.stopped(language=heard.language)),
        Meant.STARTED: lambda: _confirmed(update, answers.started(language=heard.language)),
    }.get(heard.meant, str)()


def _confirmed(update: Update, words: str) -> str:
    """Twilio confirms its own words itself, by SMS; after its STOP it would refuse ours (21610)."""
    return "" if update.medium == Medium.SMS and wishes.is_carriers(update.text) else words


def in_slack(update: Update, heard: Heard | None) -> None:
    """Within Slack's three seconds; the answer is kept already, so what fails here is a nicety lost."""
    if heard is None or update.what not in (What.PRESSED, What.ASKED_TO_COMMENT):
        return
    try:
        if heard.meant == Meant.SOMEBODY_ELSE:
            slack_answers.whisper(update, answers.not_yours(language=heard.language))
        elif heard.meant == Meant.COMMENTING:
            slack_answers.ask_comment(update, score=heard.score, language=heard.language)
        elif heard.meant == Meant.RATED:
            if heard.score <= 2:  # first: its trigger lives three seconds
                slack_answers.ask_comment(update, score=heard.score, language=heard.language)
            slack_answers.show_choice(update, score=heard.score, language=heard.language)
    except Outcome as trouble:
        log.warning("slack did not take our answer", error=trouble.text, code=trouble.code)
