"""A channel's message to an imagined customer: previewed on a screen, or sent to a colleague as a test."""

from uuid import uuid4

from django.utils import translation
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.base import EXAMPLE, Brand, Message, MessageContext, Receipt
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Refused
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.brands import DEFAULT
from csat.surveys import links
from csat.surveys.delivery import holds
from csat.surveys.delivery.message import Names, intro
from csat.surveys.models import CsatSettings
from csat.timeline.recording import Actor


def preview(kind: str, *, language: str = "en", message: str = "", brand: Brand | None = None) -> Message:
    """The message as it would be under this brand, or the default one. Sends and stores nothing."""
    brand = brand or CsatSettings.current().brand
    return registry.get(kind).compose(_example_context(kind, brand, language=language, message=message))


def send_test(kind: str, *, to: str, by: Actor, brand: Brand | None = None) -> Receipt:
    """Send this channel's message to a colleague, under this brand or the default one. Raises Refused with
    the provider's words.

    A success resumes a stopped channel.
    """
    channel = registry.get(kind)
    if channel.test_field is None:
        raise Refused(_("Nothing is sent on this channel, so there is nothing to test."))
    if not to.strip():
        raise Invalid(_("Enter where to send the test."), fields={"to": [_("Enter where to send the test.")]})
    language = translation.get_language() or "en"
    brand = brand or CsatSettings.current().brand
    context = _example_context(kind, brand, language=language, to=to.strip())
    try:
        receipt = channel.send(channel.compose(context))
    except Outcome as outcome:
        raise Refused(_("The provider rejected it: %(words)s") % {"words": outcome.text}) from outcome
    holds.provider_works(kind, by=by)
    audit(by, AuditAction.TEST_MESSAGE_SENT, after={"channel": kind, "brand": brand.slug or DEFAULT})
    return receipt


def _example_context(
    kind: str, brand: Brand, *, language: str, message: str = "", to: str = ""
) -> MessageContext:
    names: Names = {"contact_name": EXAMPLE.name, "agent_name": "Sam", "ticket_number": 4521}
    to, addresses = registry.get(kind).example(to, language)
    rate_url, unsubscribe_url = links.example_urls(brand)
    return MessageContext(
        reference=str(uuid4()),
        survey_id=str(uuid4()),
        to=to,
        addresses=addresses,
        rate_url=rate_url,
        unsubscribe_url=unsubscribe_url,
        intro=intro(brand, language=language, message=message, **names),
        language=language,
        brand=brand,
        subject=_("Sample conversation"),
        **names,
    )
