"""What the screen Settings → CSAT shows around its form: the channels with their providers, previews, the dry run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.forms import BoundField
from django.http import Http404, QueryDict
from django.urls import reverse

from csat.channels import registry, segments
from csat.channels import status as providers
from csat.channels.base import Message
from csat.channels.faces import FACES, Face
from csat.channels.kinds import SURVEYED, Channel, Medium
from csat.lib.refusal import Invalid
from csat.surveys import rehearsing
from csat.surveys.labels import UNITS
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.web.settings.csat_form import SettingsForm
from csat.web.settings.csat_words import LANGUAGES, LONGEST, RULES, SENDS, SKIPPED, TEST_TO

COLOUR = re.compile("#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class ChannelRow:
    """One line under Channels."""

    kind: str
    label: Any
    sends: Any
    status: providers.Status
    stopped: ChannelSettings | None = None
    toggle: BoundField | None = None
    test_type: str = ""
    test_label: Any = ""
    test_to: str = ""


@dataclass(frozen=True)
class Preview:
    kind: str
    label: Any
    medium: str
    language: str
    message: Message
    segments: segments.Segments | None
    page: str  # where an email is rendered
    brand: str
    faces: tuple[Face, ...] = FACES


def context(form: SettingsForm, user: User) -> dict[str, Any]:
    return {
        "form": form,
        "channels": channel_rows(form, user),
        "rules": [
            (title, [(name, form[name] if name in form.fields else None, UNITS.get(name)) for name in names]) for title, names in RULES
        ],
        "preview": preview(form, Channel.EMAIL.value, "") if not form.is_bound else None,
        "preview_channels": SURVEYED,
        "preview_languages": LANGUAGES.items(),
        "written": sum(1 for box in form.messages() if (box.value() or "").strip()),
    }


def channel_rows(form: SettingsForm, user: User) -> list[ChannelRow]:
    stopped = {row.kind: row for row in ChannelSettings.objects.filter(stopped_at__isnull=False)}
    return [_row(channel, form, user, stopped.get(channel.value)) for channel in SURVEYED]


def channel_row(kind: str) -> ChannelRow:
    """The line of one channel, without its toggle. Http404 for one that is never surveyed."""
    channel = next((channel for channel in SURVEYED if channel.value == kind), None)
    if channel is None:
        raise Http404
    return ChannelRow(kind, channel.label, SENDS[channel], providers.status(kind))


def preview(form: SettingsForm, kind: str, language: str) -> Preview:
    row = channel_row(kind)
    language = _known(language)
    rules = form.candidate() if form.is_bound else form.instance
    message = rehearsing.preview(kind, language=language, settings=rules)
    medium = registry.get(kind).medium
    counted = segments.count(message.text) if medium == Medium.SMS else None
    return Preview(kind, row.label, medium.value, language, message, counted, _page(kind, language, rules), rules.brand_name)


def mail(kind: str, words: Mapping[str, str]) -> Message:
    """The mail with these words and this brand, as the page asked for by `_page`. Http404 for what is no mail."""
    channel_row(kind)
    if registry.get(kind).medium != Medium.EMAIL:
        raise Http404
    rules = CsatSettings.current()
    rules.brand_name = words.get("brand_name", "")[:80] or rules.brand_name
    if COLOUR.fullmatch(words.get("brand_color", "")):
        rules.brand_color = words["brand_color"]
    rules.custom_message = {"default": words.get("message", "")[:LONGEST]}
    return rehearsing.preview(kind, language=_known(words.get("language", "")), settings=rules)


@dataclass(frozen=True)
class Rehearsal:
    """The dry run in words; `possible` is False when what was typed cannot be judged."""

    possible: bool
    run: rehearsing.DryRun | None = None
    skipped: int = 0
    reasons: str = ""


def dry_run(form: SettingsForm) -> Rehearsal:
    if not form.is_valid():
        return Rehearsal(possible=False)
    try:
        run = rehearsing.dry_run(form.given())
    except Invalid:
        return Rehearsal(possible=False)
    reasons = ", ".join(f"{SKIPPED.get(gate, gate)} {number}" for gate, number in run.skipped.items())
    return Rehearsal(possible=True, run=run, skipped=sum(run.skipped.values()), reasons=reasons)


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


def _rule(form: SettingsForm, name: str) -> tuple[str, BoundField | None, Any]:
    return name, form[name] if name in form.fields else None, UNITS.get(name)


def _row(channel: Channel, form: SettingsForm, user: User, stopped: ChannelSettings | None) -> ChannelRow:
    medium = registry.get(channel.value).medium
    test_type, test_label = TEST_TO.get(medium, ("", ""))
    return ChannelRow(
        kind=channel.value,
        label=channel.label,
        sends=SENDS[channel],
        status=providers.status(channel.value),
        stopped=stopped,
        toggle=form.toggle(channel),
        test_type=test_type,
        test_label=test_label,
        test_to=user.email if medium == Medium.EMAIL else "",
    )


def _page(kind: str, language: str, rules: Any) -> str:
    query = QueryDict(mutable=True)
    message = rules.custom_message.get(language) or rules.custom_message.get("default") or ""
    query.update({"language": language, "message": message, "brand_name": rules.brand_name, "brand_color": rules.brand_color})
    return f"{reverse('settings-preview-page', args=[kind])}?{query.urlencode()}"
