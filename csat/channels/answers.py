"""What the customer hears after answering on the channel itself: one short line, in the customer's language."""

from django.utils.translation import gettext as _

from csat.channels.faces import BY_SCORE
from csat.channels.wording import speaking


def thanks(score: int, *, language: str) -> str:
    """After a rating by reply. After a low one people are invited to say more: a reply within the half hour joins it."""
    face = BY_SCORE[score]
    with speaking(language):
        if score <= 2:
            return _("Thank you. You rated us %(score)s of 5. What went wrong? Just reply.") % {"score": score}
        return _("Thank you! You rated us %(score)s of 5: %(label)s.") % {"score": score, "label": face.label}


def thanks_for_comment(*, language: str) -> str:
    with speaking(language):
        return _("Thank you, we have added your comment.")


def ask_back(*, language: str) -> str:
    """After a reply that is about a rating, but not clear."""
    with speaking(language):
        return _("Please reply with one number from 1 (terrible) to 5 (excellent).")


def help_text(*, brand: str, language: str) -> str:
    """After HELP."""
    with speaking(language):
        return _("%(brand)s asks how your conversation was. Reply 1 to 5 to rate it, STOP to hear no more.") % {"brand": brand}


def stopped(*, language: str) -> str:
    """After STOP, where nobody else confirms it."""
    with speaking(language):
        return _("You will get no more surveys here. Reply START to get them again.")


def started(*, language: str) -> str:
    with speaking(language):
        return _("You will get our surveys again. Reply STOP to hear no more.")


def chosen(score: int, *, language: str) -> str:
    """Under the faces, once one was pressed."""
    face = BY_SCORE[score]
    with speaking(language):
        return _("You chose %(emoji)s %(label)s. Press another face to change it.") % {"emoji": face.emoji, "label": face.label}


def not_yours(*, language: str) -> str:
    """To somebody else in a shared channel who pressed."""
    with speaking(language):
        return _("Only the customer's own rating counts here. Thank you all the same.")
