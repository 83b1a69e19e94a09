"""What the customer hears after answering on the channel itself: one short line,
in the customer's language."""

from django.utils import translation
from django.utils.translation import gettext as _

from csat.scale import BY_SCORE, is_low


def thanks(score: int, *, language: str) -> str:
    """After a rating by reply; a low one also invites a comment, which joins it within half an hour."""
    face = BY_SCORE[score]
    with translation.override(language):
        if is_low(score):
            return _("Thank you. You rated us %(score)s of 5. What went wrong? Just reply.") % {
                "score": score
            }
        return _("Thank you! You rated us %(score)s of 5: %(label)s.") % {"score": score, "label": face.label}


def thanks_for_comment(*, language: str) -> str:
    with translation.override(language):
        return _("Thank you, we have added your comment.")


def ask_again(*, language: str) -> str:
    """After a reply that is about a rating, but not clear."""
    with translation.override(language):
        return _("Please reply with one number from 1 (terrible) to 5 (excellent).")


def help_text(*, brand: str, language: str) -> str:
    """After HELP."""
    with translation.override(language):
        return _("%(brand)s asks how your conversation was. Reply 1 to 5 to rate it, STOP to opt out.") % {
            "brand": brand
        }


def stopped(*, language: str) -> str:
    """After STOP, where nobody else confirms it."""
    with translation.override(language):
        return _("You will get no more surveys here. Reply START to get them again.")


def started(*, language: str) -> str:
    with translation.override(language):
        return _("You will get our surveys again. Reply STOP to opt out.")


def chosen(score: int, *, language: str) -> str:
    """Under the faces, once one was pressed."""
    face = BY_SCORE[score]
    with translation.override(language):
        return _("You chose %(emoji)s %(label)s. Press another face to change it.") % {
            "emoji": face.emoji,
            "label": face.label,
        }


def not_for_you(*, language: str) -> str:
    """To somebody else in a shared channel who pressed."""
    with translation.override(language):
        return _("Only the customer can rate this conversation. Thank you anyway.")


def after_a_look(*, name: str, said: str, brand: str, language: str, low: bool) -> str:
    """What somebody of the team may write after a rating. `said`: what was done, in their words."""
    with translation.override(language):
        hello = _("Hello %(name)s,") % {"name": name} if name else _("Hello,")
        if low:
            words = _("You told us that it did not go well. We have looked at it again.")
        else:
            words = _("Thank you for your rating.")
    return "\n\n".join([hello, " ".join(filter(None, [words, said])), brand])
