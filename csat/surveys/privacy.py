"""What is kept of a contact in surveys: what is left after an erasure are scores without words."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from csat.channels import privacy as channel_privacy
from csat.channels import registry
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people import addresses
from csat.people import privacy as people_privacy
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.models import (
    Answer,
    ChannelSettings,
    Delivery,
    FollowUp,
    Link,
    Score,
    StaffMessage,
    Survey,
)

BLANK: dict[type[Model], JsonObject] = {
    Delivery: {"address": "", "raw": {}, "error": "", "provider_id": "", "asked_by": {}},
    Answer: {"comment": "", "provenance": {}},
    Score: {"comment": ""},
    FollowUp: {"note": "", "resolution": ""},
    StaffMessage: {"text": "", "error": "", "provider_id": "", "written_by": {}},
    Survey: {"message": ""},
}
PERSONAL: Mapping[type[Model], Collection[str]] = {**BLANK, ChannelSettings: ["stopped_reason"]}
WORDS_GONE = gettext_noop("Its words are no longer kept: it was not sent.")
OF_SURVEY = (Delivery, Answer)  # the others know their session
IN_FLIGHT = (DeliveryState.DUE, DeliveryState.SENDING)
SURVEY = (
    "uuid", "session_id", "channel", "state", "message", "gates", "requested_at", "delivered_at",
    "delivered_via", "answered_at",
)  # fmt: skip
DELIVERY = ("channel", "address", "state", "sent_at", "delivered_at", "error")
WRITTEN = ("text", "state", "via", "sent_at")
ANSWER = ("score", "comment", "about", "source", "state", "reason", "provenance", "created_at")


def erase(contact: Contact, **_: Any) -> None:
    """Cancel what waits or is being sent, and revoke links. Call it in the erasure's transaction, before the
    words of the sessions are blanked.
    """
    now = {"updated_at": timezone.now()}
    surveys = Survey.objects.filter(contact=contact)
    survey_ids = list(surveys.values_list("pk", flat=True))
    session_ids = list(contact.sessions.values_list("pk", flat=True))
    deliveries = Delivery.objects.filter(survey__in=survey_ids)
    surveys.filter(state__in=[SurveyState.SCHEDULED, SurveyState.SENT]).update(
        state=SurveyState.CANCELLED, remind_at=None, **now
    )
    deliveries.filter(state__in=IN_FLIGHT).update(state=DeliveryState.CANCELLED, lease_until=None, **now)
    of_contact = Q(survey__in=survey_ids) | Q(session__in=session_ids) | Q(contact=contact)
    StaffMessage.objects.filter(session__in=session_ids).give_up("")
    Link.objects.filter(of_contact, revoked_at=None).update(revoked_at=now["updated_at"], **now)
    _erase_addresses(deliveries)


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations."""
    survey_ids = list(Survey.objects.filter(session__in=session_ids).values_list("pk", flat=True))
    deliveries = Delivery.objects.filter(survey__in=survey_ids)
    channel_privacy.erase_messages(str(uuid) for uuid in deliveries.values_list("uuid", flat=True))
    written = StaffMessage.objects.filter(session__in=session_ids)
    channel_privacy.erase_messages(str(uuid) for uuid in written.values_list("uuid", flat=True))
    for model, values in BLANK.items():
        of_survey = {"survey__in": survey_ids} if model in OF_SURVEY else {"session__in": session_ids}
        model._default_manager.filter(**of_survey).update(**values, updated_at=timezone.now())
    written.give_up(gettext(WORDS_GONE))


def forget_late(deliveries: Collection[Delivery]) -> None:
    """Of what was handed over while its contact was erased nothing stays."""
    erased = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries])
    uuids = erased.exclude(survey__contact__erased_at=None).values_list("uuid", flat=True)
    channel_privacy.erase_messages(str(uuid) for uuid in list(uuids))


def export(contact: Contact, **_: Any) -> JsonObject:
    surveys = Survey.objects.filter(contact=contact).order_by("pk").select_related("session__follow_up")
    references = Delivery.objects.filter(survey__contact=contact).values_list("uuid", flat=True)
    return {
        "surveys": [
            fields_of(survey, SURVEY)
            | {
                "deliveries": [fields_of(delivery, DELIVERY) for delivery in survey.deliveries.all()],
                "answers": [fields_of(answer, ANSWER) for answer in survey.answers.all()],
                "follow_up": _note(survey.session),
                "said_to_you": _resolution(survey.session),
                "written_to_you": [
                    fields_of(message, WRITTEN) for message in survey.session.staff_messages.all()
                ],
            }
            for survey in surveys.prefetch_related("deliveries", "answers", "session__staff_messages")
        ],
        "messages": channel_privacy.export_messages(str(uuid) for uuid in references),
    }


def _note(session: Session) -> str | None:
    follow_up = getattr(session, "follow_up", None)
    return follow_up.note if follow_up else None


def _resolution(session: Session) -> str | None:
    follow_up = getattr(session, "follow_up", None)
    return follow_up.resolution if follow_up else None


def _erase_addresses(deliveries: QuerySet[Delivery]) -> None:
    """Earlier addresses are known by the deliveries to them."""
    pairs = deliveries.exclude(address="").order_by().values_list("medium", "address").distinct()
    own = [(medium, address) for medium, address in pairs if _is_personal(medium)]
    people_privacy.erase_addresses(own)
    quotes = Q(pk=None)
    for _medium, address in own:
        quotes |= Q(stopped_reason__icontains=address.removeprefix("whatsapp:"))
    ChannelSettings.objects.filter(quotes).update(stopped_reason="", updated_at=timezone.now())


def _is_personal(medium: str) -> bool:
    """Whether an address there belongs to one person; a Slack channel does not."""
    channel = registry.of_medium(medium)
    return channel is not None and channel.needs in addresses.STORED
