"""The rules as people change them: one merged, validated, audited change."""

from datetime import time
from typing import Any, cast

from django.conf import settings as project
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.kinds import SURVEYED
from csat.lib import images, languages
from csat.lib.refusal import Problems
from csat.lib.text import clean
from csat.people.auditing import audit
from csat.surveys.eligibility import Rules
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.timeline.recording import Actor

PLAIN = (
    "auto_send", "delay_seconds", "ticketing_system", "contact_cap_days", "sample_percent", "skip_no_customer_message", "skip_ai_assumed",
    "link_days", "reminder_days", "guaranteed_delivery", "ask_about", "comments_hidden_from_agents", "agents_see_own_only", "brand_name",
    "brand_color", "reply_to",
)  # fmt: skip
NAMES = {*PLAIN, "custom_message", "channels", "quiet_hours", "languages", "brand_logo"}
LONGEST_MESSAGE = 1000
TAKEN: dict[str, type] = {"BooleanField": bool, "PositiveIntegerField": int}  # besides text, which forms give


def as_dict(rules: Rules | None = None) -> dict[str, Any]:
    """Every setting, in the contract's shape."""
    rules = rules or Rules.current()
    row = rules.settings
    quiet = {"start": f"{row.quiet_start:%H:%M}", "end": f"{row.quiet_end:%H:%M}"} if row.quiet_start and row.quiet_end else None
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "custom_message": {"default": "", **row.custom_message},
        "channels": {str(kind): {"enabled": kind in rules.enabled} for kind in SURVEYED},
        "quiet_hours": quiet,
        "languages": list(row.languages),
        "brand_logo": row.brand.logo_url or None,
    }


@transaction.atomic
def change(*, by: Actor, **fields: Any) -> CsatSettings:
    """Merge, validate, save and audit; raises Invalid with every field that is wrong. Unknown names are wrong."""
    CsatSettings.current()
    row = CsatSettings.objects.select_for_update().get(pk=1)
    current = Rules.current()
    before, was_on = as_dict(current), row.auto_send
    after = candidate(fields, rules=Rules(row, current.enabled))
    if row.auto_send and not was_on:
        row.auto_send_since = timezone.now()
    row.save()
    _save_channels(after.enabled, named=fields.get("channels") or {})
    _audit(by, before, as_dict(after))
    return row


def candidate(fields: dict[str, Any], *, rules: Rules | None = None) -> Rules:
    """The rules as they would be with these fields, not saved. Raises Invalid."""
    rules, problems = rules or Rules.current(), Problems()
    row, enabled = rules.settings, set(rules.enabled)
    for name in fields.keys() - NAMES:
        problems.add(name, _("There is no such setting."))
    for name in PLAIN:
        if name in fields:
            setattr(row, name, _plain(name, fields[name], problems))
    if "custom_message" in fields:
        row.custom_message = _messages(row.custom_message, fields["custom_message"], problems)
    if "quiet_hours" in fields:
        row.quiet_start, row.quiet_end = _quiet(fields["quiet_hours"], problems)
    if "languages" in fields:
        row.languages = _languages(fields["languages"], problems)
    if "channels" in fields:
        enabled = _channels(enabled, fields["channels"], problems)
    if "brand_logo" in fields:
        _logo(row, fields["brand_logo"], problems)
    _validate(row, problems)
    problems.check()
    return Rules(row, frozenset(enabled))


@transaction.atomic
def resume(kind: str, *, by: Actor) -> bool:
    """Somebody has looked at a stopped channel: what waited goes out. False when it was not stopped."""
    row = ChannelSettings.objects.filter(kind=kind).first()
    if row is None or not row.change(where={"stopped_at__isnull": False}, stopped_at=None, stopped_reason=""):
        return False
    audit(by, "channel resumed", after={"channel": kind})
    return True


def _plain(name: str, value: Any, problems: Problems) -> Any:
    """The model's own field decides; numbers and booleans are taken only as such, or as a form gives them."""
    field = cast("Field[Any, Any]", CsatSettings._meta.get_field(name))
    try:
        wanted = TAKEN.get(field.get_internal_type(), str)
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        if not (isinstance(value, str) or (isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool))):
            raise ValidationError(_("This is not a valid value."))
        taken = field.to_python(clean(value) if isinstance(value, str) else value)
        if field.choices and taken not in dict(field.flatchoices):
            raise ValidationError(
                _("Choose from: %(choices)s.") % {"choices": ", ".join(str(choice) for choice, _label in field.flatchoices)}
            )
        return taken
    except ValidationError as error:
        problems.add(name, " ".join(error.messages))
        return getattr(CsatSettings(), name)


def _messages(current: dict[str, str], given: Any, problems: Problems) -> dict[str, str]:
    merged = dict(current)
    if not isinstance(given, dict):
        problems.add("custom_message", _("Give an object of texts by language."))
        return merged
    for code, text in given.items():
        language = code if code == "default" else languages.known(code, "")
        if not language:
            problems.add("custom_message", _("There is no language %(code)s.") % {"code": code})
        elif not isinstance(text, str) or len(text) > LONGEST_MESSAGE:
            problems.add("custom_message", _("A text of at most %(n)d characters.") % {"n": LONGEST_MESSAGE})
        else:
            merged[language] = clean(text)
    return {language: text for language, text in merged.items() if text or language == "default"}


def _quiet(given: Any, problems: Problems) -> tuple[time | None, time | None]:
    if given is None:
        return None, None
    try:
        start, end = time.fromisoformat(given["start"]), time.fromisoformat(given["end"])
    except (KeyError, TypeError, ValueError):
        problems.add("quiet_hours", _("Give start and end, such as 21:00 and 08:00."))
        return None, None
    if start == end:
        problems.add("quiet_hours", _("Start and end are the same."))
    return start.replace(tzinfo=None), end.replace(tzinfo=None)


def _languages(given: Any, problems: Problems) -> list[str]:
    codes = [code for code, _name in project.LANGUAGES]
    if not isinstance(given, list) or any(code not in codes for code in given):
        problems.add("languages", _("Choose from: %(codes)s.") % {"codes": ", ".join(codes)})
        return []
    return [code for code in codes if code in given]


def _channels(enabled: set[str], given: Any, problems: Problems) -> set[str]:
    enabled = set(enabled)
    for kind, toggle in given.items() if isinstance(given, dict) else [("", None)]:
        if kind not in SURVEYED or not isinstance(toggle, dict) or toggle.keys() != {"enabled"} or not isinstance(toggle["enabled"], bool):
            problems.add("channels", _('Give {"<channel>": {"enabled": true or false}} with a channel that can be surveyed.'))
        else:
            (enabled.add if toggle["enabled"] else enabled.discard)(kind)
    return enabled


def _logo(row: CsatSettings, given: Any, problems: Problems) -> None:
    """A file to take, or None to have none; the address that `as_dict` shows changes nothing."""
    if given is None:
        row.brand_logo = ""
    elif isinstance(given, File):
        with problems.of("brand_logo"):
            given.name = images.checked_name(given)
            row.brand_logo = given
    elif given != row.brand.logo_url:
        problems.add("brand_logo", _("Upload the logo on the settings screen."))


def _validate(row: CsatSettings, problems: Problems) -> None:
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            if name not in problems.fields:
                problems.add(name, " ".join(messages))


def _save_channels(enabled: frozenset[str], *, named: dict[str, Any]) -> None:
    for kind in named:
        ChannelSettings.objects.update_or_create(kind=kind, defaults={"enabled": kind in enabled})


def _audit(by: Actor, before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = [name for name in after if before[name] != after[name]]
    if changed:
        audit(by, "settings", before={name: before[name] for name in changed}, after={name: after[name] for name in changed})
