"""What Settings → CSAT shows around its form: the channels with their providers, previews, the dry run."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from csat.channels import registry, segments
from csat.channels.base import Brand, Message
from csat.channels.kinds import SURVEYED, Channel, Medium
from csat.channels.status import Status
from csat.lib.refusal import Invalid
from csat.scale import FACES, Face
from csat.surveys.delivery import preview as message_preview
from csat.surveys.delivery import resending, sending_status
from csat.surveys.delivery.sending_status import ChannelStatus, SendingStatus
from csat.surveys.gates import GateName
from csat.surveys.models import MESSAGE_MAX_LENGTH, CsatSettings
from csat.surveys.rules import dry_run as rules_dry_run
from csat.surveys.rules import settings
from csat.surveys.rules.dry_run import DryRun
from csat.web.settings.csat_form import SettingsForm
from csat.web.settings.csat_texts import FURTHER, IN_OTHER_SECTIONS, LANGUAGES, PERIODS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True)
class ChannelRow:
    """One line under Channels."""

    kind: str
    label: "StrPromise | str"
    sends: "StrPromise | str"
    status: Status
    sending: ChannelStatus | None = None
    toggle: BoundField | None = None
    test_type: str = ""
    test_label: "StrPromise | str" = ""
    test_to: str = ""


@dataclass(frozen=True)
class Preview:
    kind: str
    label: "StrPromise | str"
    medium: str
    language: str
    message: Message
    segments: segments.Segments | None
    page: str  # the address of an email's preview
    brand: str
    faces: tuple[Face, ...] = FACES


def context(form: SettingsForm, user: User) -> dict[str, object]:
    sending = sending_status.current()
    return {
        "form": form,
        "sending": sending,
        "channels": [_row(channel, form, user, sending) for channel in SURVEYED],
        "any_failed": resending.has_failed(since=resending.default_since()),
        "resend_channels": SURVEYED,
        "resend_periods": PERIODS,
        "further": further(form),
        "preview": preview(form, Channel.EMAIL.value, "") if not form.is_bound else None,
        "preview_channels": SURVEYED,
        "preview_languages": LANGUAGES.items(),
        "custom_messages": sum(1 for box in form.messages() if (box.value() or "").strip()),
    }


def further(form: SettingsForm) -> list[tuple[object, list[tuple[BoundField, object]]]]:
    """The groups under Going further: each setting with its unit."""
    grouped = {name for _title, names in FURTHER for name in names} | IN_OTHER_SECTIONS
    others = [name for name in form.model_fields() if name not in grouped]
    groups = [*FURTHER, (_("More"), others)] if others else FURTHER
    return [(title, [(form[name], settings.unit(name)) for name in names]) for title, names in groups]


def sending_context() -> dict[str, object]:
    """How sending stands now, for the parts of the page that tell it."""
    sending = sending_status.current()
    return {"sending": sending, "channels": [_without_form(channel, sending) for channel in SURVEYED]}


def channel_row(kind: str) -> ChannelRow:
    """The line of one channel, without its toggle. Http404 for a channel that is never surveyed."""
    channel = next((channel for channel in SURVEYED if channel.value == kind), None)
    if channel is None:
        raise Http404
    return _without_form(channel, None)


def preview(form: SettingsForm, kind: str, language: str) -> Preview:
    language = language if language in LANGUAGES else "en"
    csat_settings = form.candidate() if form.is_bound else form.instance
    messages = csat_settings.custom_message
    query = {
        "message": messages.get(language) or messages.get("default") or "",
        "brand_name": csat_settings.brand_name,
        "brand_color": csat_settings.brand_color,
    }
    page = reverse("settings-preview-page", args=[kind])
    return preview_of(kind, language, csat_settings.brand, page, query)


def preview_of(kind: str, language: str, brand: Brand, page: str, query: Mapping[str, object]) -> Preview:
    """`page` with `query` and the language is the address of the email alone."""
    row = channel_row(kind)
    language = language if language in LANGUAGES else "en"
    message = message_preview.preview(kind, language=language, brand=brand)
    medium = registry.get(kind).medium
    return Preview(
        kind=kind,
        label=row.label,
        medium=str(medium),
        language=language,
        message=message,
        segments=segments.count(message.text) if medium == Medium.SMS else None,
        page=f"{page}?{urlencode({'language': language, **query})}",
        brand=brand.name,
    )


def mail(kind: str, query: Mapping[str, str]) -> Message:
    """The email with the message and brand of the query of `preview`. Http404 for other media."""
    csat_settings = CsatSettings.current()
    for name in ("brand_name", "brand_color"):
        with suppress(ValidationError):
            setattr(csat_settings, name, settings.FIELDS[name].clean(query.get(name, ""), csat_settings))
    csat_settings.custom_message = {"default": query.get("message", "")[:MESSAGE_MAX_LENGTH]}
    return mail_of(kind, csat_settings.brand, query.get("language", ""))


def mail_of(kind: str, brand: Brand, language: str) -> Message:
    """The email under this brand. Http404 for other media."""
    channel_row(kind)
    if registry.get(kind).medium != Medium.EMAIL:
        raise Http404
    language = language if language in LANGUAGES else "en"
    return message_preview.preview(kind, language=language, brand=brand)


@dataclass(frozen=True)
class DryRunInWords:
    """`possible` is False when what was typed is not valid."""

    possible: bool
    run: DryRun | None = None
    skipped: int = 0
    reasons: str = ""


def dry_run(form: SettingsForm) -> DryRunInWords:
    if not form.is_valid():
        return DryRunInWords(possible=False)
    try:
        run = rules_dry_run.dry_run(form.changes())
    except Invalid:
        return DryRunInWords(possible=False)
    reasons = ", ".join(f"{GateName(gate).label} {number}" for gate, number in run.skipped.items())
    return DryRunInWords(possible=True, run=run, skipped=sum(run.skipped.values()), reasons=reasons)


def _without_form(channel: Channel, sending: SendingStatus | None) -> ChannelRow:
    adapter = registry.get(channel.value)
    return ChannelRow(
        kind=channel.value,
        label=channel.label,
        sends=adapter.sends,
        status=adapter.status(),
        sending=sending.of(channel.value) if sending else None,
    )


def row_with_test(channel: Channel, sending: SendingStatus | None = None) -> ChannelRow:
    """The line of one channel with the field of its test message, where it has one."""
    test = registry.get(channel.value).test_field
    row = _without_form(channel, sending)
    return replace(row, test_type=test.type if test else "", test_label=test.label if test else "")


def _row(channel: Channel, form: SettingsForm, user: User, sending: SendingStatus) -> ChannelRow:
    row = row_with_test(channel, sending)
    return replace(row, toggle=form.toggle(channel), test_to=user.email if row.test_type == "email" else "")
