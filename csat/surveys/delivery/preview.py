"""A channel's message to an imagined customer: previewed on a screen, or sent to a colleague as a test."""

from uuid import uuid4

from django.conf import settings as project
from django.utils import translation
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.base import EXAMPLE, Message, MessageContext, Receipt
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Refused
from csat.people.audit_log import audit
from csat.surveys import links
from csat.surveys.delivery import holds
from csat.surveys.delivery.message import Names, intro
from csat.surveys.models import CsatSettings
from csat.timeline.recording import Actor


def preview(
    kind: str, *, language: str = "en", message: str = "", settings: CsatSettings | None = None
) -> Message:
    """The message as it would be with these settings, or those in force. Sends and stores nothing."""
    settings = settings or CsatSettings.current()
    context = _example_context(kind, settings, language=language, message=message)
    return registry.get(kind).compose(context)


def send_test(kind: str, *, to: str, by: Actor) -> Receipt:
    """Send this channel's message to a colleague. Raises Refused with the provider's words.

    A success resumes a stopped channel.
    """
    channel = registry.get(kind)
    if channel.test_field is None:
        raise Refused(_("Nothing is sent on this channel, so there is nothing to test."))
    if not to.strip():
        raise Invalid(_("Enter where to send the test."), fields={"to": [_("Enter where to send the test.")]})
    language = translation.get_language() or "en"
    context = _example_context(kind, CsatSettings.current(), language=language, to=to.strip())
    try:
        receipt = channel.send(channel.compose(context))
    except Outcome as outcome:
        raise Refused(_("The provider rejected it: %(words)s") % {"words": outcome.text}) from outcome
    holds.provider_works(kind, by=by)
    audit(by, "test message", after={"channel": kind})
    return receipt


def _example_context(
    kind: str, settings: CsatSettings, *, language: str, message: str = "", to: str = ""
) -> MessageContext:
    names: Names = {"contact_name": EXAMPLE.name, "agent_name": "Sam", "ticket_number": 4521}
    to, addresses = registry.get(kind).example(to, language)
    return MessageContext(
        reference=str(uuid4()),
        survey_id=str(uuid4()),
        to=to,
        addresses=addresses,
        rate_url=f"{project.SITE_URL}/r/{links.EXAMPLE}",
        unsubscribe_url=f"{project.SITE_URL}/u/{links.EXAMPLE}",
        intro=intro(settings, language=language, message=message, **names),
        language=language,
        brand=settings.brand,
        subject=_("Sample conversation"),
        **names,
    )
