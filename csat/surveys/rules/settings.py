"""The settings read and changed: one merged, validated, audited change, and their shape in the contract."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from django.conf import settings as project
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels.kinds import SURVEYED
from csat.lib import images, retention, text_by_language
from csat.lib.opening_hours import WEEKDAYS
from csat.lib.refusal import Problems
from csat.lib.text import clean
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.surveys.rules import sending_hours
from csat.surveys.rules.eligibility import Policy
from csat.surveys.validators import choose_from
from csat.timeline.recording import Actor

FIELDS: "dict[str, Field[Any, Any]]" = {
    field.name: field for field in CsatSettings._meta.fields if field.editable and not field.primary_key
}
QUIET = ("quiet_start", "quiet_end")
FOLLOW_UP = {"1": "terrible_follow_up_hours", "2": "poor_follow_up_hours"}
SHAPED = (
    *QUIET,
    *FOLLOW_UP.values(),
    "sending_hours",
    "holidays",
    "custom_message",
    "languages",
    "retention",
    "brand_logo",
)
PLAIN = tuple(name for name in FIELDS if name not in SHAPED)
# The settings as the contract names them; where one is named otherwise than its field; and the field beside
# which a form shows what is wrong with one that has no field of its own.
CONTRACT_NAMES = dict.fromkeys(QUIET, "quiet_hours") | dict.fromkeys(FOLLOW_UP.values(), "follow_up_hours")
NAMES = tuple(dict.fromkeys((*PLAIN, "channels", *(CONTRACT_NAMES.get(name, name) for name in SHAPED))))
FIELD_OF = {"quiet_hours": "quiet_start", "follow_up_hours": FOLLOW_UP["1"]}
UNITS = {
    "days": gettext_lazy("days"),
    "hours": gettext_lazy("hours"),
    "percent": "%",
}  # by the last word of a setting's name
JSON_TYPES: dict[str, type] = {"BooleanField": bool, "PositiveIntegerField": int}  # besides text, from forms


def unit(name: str) -> Any:
    """The unit of a number, for people; empty where it has none."""
    return UNITS.get(name.rpartition("_")[2], "")


def as_dict(policy: Policy | None = None) -> JsonObject:
    """Every setting, in the contract's shape."""
    policy = policy or Policy.current()
    settings = policy.settings
    return {
        **{name: getattr(settings, name) for name in PLAIN},
        "custom_message": {"default": "", **settings.custom_message},
        "channels": toggles(policy.enabled),
        "quiet_hours": _quiet_hours(settings.quiet_start, settings.quiet_end),
        "follow_up_hours": _follow_up_hours(settings),
        "sending_hours": settings.sending_hours,
        "holidays": list(settings.holidays),
        "languages": list(settings.languages),
        "retention": {name: settings.retention.get(name) for name in retention.names()},
        "brand_logo": settings.brand.logo_url or None,
    }


def toggles(enabled: Iterable[str], among: Iterable[str] = SURVEYED) -> dict[str, dict[str, bool]]:
    """Which of these channels are on, in the contract's shape."""
    on = set(enabled)
    return {str(kind): {"enabled": kind in on} for kind in among}


def from_form(names: Iterable[str], values: Mapping[str, Any]) -> JsonObject:
    """These fields of a form on the model, as `change` takes them."""
    changed = set(names)
    fields = {name: values[name] for name in changed.difference(CONTRACT_NAMES)}
    if changed.intersection(QUIET):
        fields["quiet_hours"] = _quiet_hours(*(values[name] for name in QUIET))
    if changed.intersection(FOLLOW_UP.values()):
        fields["follow_up_hours"] = {
            score: values[name] for score, name in FOLLOW_UP.items() if name in changed
        }
    if "brand_logo" in fields:
        fields["brand_logo"] = fields["brand_logo"] or None
    if "holidays" in fields:
        fields["holidays"] = fields["holidays"] or []
    if "retention" in fields:
        fields["retention"] = fields["retention"] or {}
    return fields


def form_field(field: "Field[Any, Any]", existing: Any = None, **options: Any) -> Any:
    """The form field of a setting, with the error messages of `change`; a `formfield_callback`."""
    result = existing or field.formfield(**options)
    if result:
        result.error_messages["required"] = field.error_messages["blank"]
        if field.choices:
            choices = [choice for choice, _label in field.flatchoices]
            result.error_messages["invalid_choice"] = choose_from(choices)
    return result


def languages_options() -> dict[str, Any]:
    """The arguments of a form field with a box for each language."""
    field = FIELDS["languages"]
    return {
        "label": field.verbose_name,
        "help_text": field.help_text,
        "choices": project.LANGUAGES,
        "required": False,
        "error_messages": {"invalid_choice": choose_from([code for code, _name in project.LANGUAGES])},
    }


@transaction.atomic
def change(*, by: Actor, **fields: Any) -> CsatSettings:
    """Merge, validate, save and audit. Raises Invalid with every field that is wrong or unknown."""
    CsatSettings.current()
    settings = CsatSettings.objects.select_for_update().get(pk=1)
    enabled = ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)
    current = Policy(settings, frozenset(enabled))
    before, was_on, old_logo = as_dict(current), settings.auto_send, settings.brand_logo.name
    changed = candidate(fields, policy=current)
    if settings.auto_send and not was_on:
        settings.auto_send_since = timezone.now()
    settings.save()
    if old_logo and old_logo != settings.brand_logo.name:
        transaction.on_commit(lambda: settings.brand_logo.storage.delete(old_logo))
    for kind in fields.get("channels") or {}:
        ChannelSettings.objects.update_or_create(kind=kind, defaults={"enabled": kind in changed.enabled})
    after = as_dict(changed)
    if names := [name for name in after if before[name] != after[name]]:
        old, new = ({name: values[name] for name in names} for values in (before, after))
        audit(by, AuditAction.SETTINGS_CHANGED, before=old, after=new)
    if set(names).intersection(sending_hours.SETTINGS):
        sending_hours.judge_anew()
    return settings


def candidate(fields: JsonObject, *, policy: Policy | None = None) -> Policy:
    """The policy as it would be with these fields changed, not saved. Raises Invalid."""
    policy, problems = policy or Policy.current(), Problems()
    settings, enabled = policy.settings, set(policy.enabled)
    for name in fields.keys() - set(NAMES):
        problems.add(name, _("There is no such setting."))
    for name in PLAIN:
        if name in fields:
            setattr(settings, name, _parse_plain(name, fields[name], problems))
    if "custom_message" in fields:
        message = fields["custom_message"]
        settings.custom_message = _parse_messages(settings.custom_message, message, problems)
    if "quiet_hours" in fields:
        settings.quiet_start, settings.quiet_end = _parse_quiet_hours(fields["quiet_hours"], problems)
    if "follow_up_hours" in fields:
        _parse_follow_up_hours(settings, fields["follow_up_hours"], problems)
    if "sending_hours" in fields:
        settings.sending_hours = _parse_hours(settings.sending_hours, fields["sending_hours"], problems)
    if "holidays" in fields and _run_validators("holidays", fields["holidays"], problems):
        settings.holidays = sorted(set(fields["holidays"]))
    if "languages" in fields:
        languages = fields["languages"]
        _run_validators("languages", languages, problems)
        settings.languages = [
            code for code, _name in project.LANGUAGES if isinstance(languages, list) and code in languages
        ]
    if "retention" in fields and _run_validators("retention", fields["retention"], problems):
        settings.retention = {**settings.retention, **fields["retention"]}
    if "channels" in fields:
        enabled = _parse_channels(enabled, fields["channels"], problems)
    if "brand_logo" in fields:
        _set_logo(settings, fields["brand_logo"], problems)
    _validate(settings, problems)
    problems.check()
    return Policy(settings, frozenset(enabled))


def _parse_plain(name: str, value: Any, problems: Problems) -> Any:
    """The model's own field decides; numbers and booleans must be such in JSON, or text from a form."""
    field = FIELDS[name]
    value = clean(value) if isinstance(value, str) else value
    if field.null and (value is None or (value == "" and field.get_internal_type() == "CharField")):
        return None
    try:
        if value is None or (value == "" and not field.blank):
            raise ValidationError(field.error_messages["blank"])
        return _convert(field, value)
    except ValidationError as error:
        problems.add(CONTRACT_NAMES.get(name, name), " ".join(error.messages))
        return field.get_default()


def _convert(field: "Field[Any, Any]", value: Any) -> Any:
    expected = JSON_TYPES.get(field.get_internal_type(), str)
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    right_type = isinstance(value, expected) and isinstance(value, bool) == (expected is bool)
    if not isinstance(value, str) and not right_type:
        raise ValidationError(_("This is not a valid value."))
    messages = getattr(form_field(field), "error_messages", {})
    try:
        converted = field.to_python(value)
    except ValidationError as error:
        raise ValidationError(messages.get("invalid", error.messages)) from None
    if messages and field.choices and converted not in dict(field.flatchoices):
        raise ValidationError(messages["invalid_choice"])
    return converted


def _parse_messages(current: dict[str, str], value: Any, problems: Problems) -> dict[str, str]:
    """The current messages with these in place of theirs; an empty one is removed."""
    if not isinstance(value, dict):
        _run_validators("custom_message", value, problems)
        return current
    texts = text_by_language.normalize(value)
    _run_validators("custom_message", texts, problems)
    return {code: text for code, text in {**current, **texts}.items() if text or code == "default"}


def _quiet_hours(start: time | None, end: time | None) -> dict[str, str] | None:
    return {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"} if start and end else None


def _parse_quiet_hours(value: Any, problems: Problems) -> tuple[time | None, time | None]:
    """Start and end; whether they go together is judged by the model."""
    if value is None:
        return None, None
    if not isinstance(value, dict) or value.get("start") is value.get("end") is None:
        problems.add("quiet_hours", _("Give start and end, such as 21:00 and 08:00."))
        return None, None
    start, end = (_parse_plain(f"quiet_{edge}", value.get(edge), problems) for edge in ("start", "end"))
    return start, end


def _follow_up_hours(settings: CsatSettings) -> dict[str, int] | None:
    hours = {score: getattr(settings, name) for score, name in FOLLOW_UP.items()}
    return {score: number for score, number in hours.items() if number} or None


def _parse_follow_up_hours(settings: CsatSettings, value: Any, problems: Problems) -> None:
    """By score; null for one, or for all: no time is set. A score that is not named stays as it is."""
    value = dict.fromkeys(FOLLOW_UP) if value is None else value
    if not isinstance(value, dict) or value.keys() - FOLLOW_UP.keys():
        problems.add("follow_up_hours", _('Give hours by score, such as {"1": 4, "2": 8}.'))
        return
    for score, number in value.items():
        setattr(settings, FOLLOW_UP[score], _parse_plain(FOLLOW_UP[score], number, problems))


def _parse_hours(current: Any, value: Any, problems: Problems) -> Any:
    """Each day's spans in order, a day without any left out; the current ones when something is wrong."""
    if value is None or not _run_validators("sending_hours", value, problems):
        return None if value is None else current
    return {day: sorted(map(list, value[day])) for day in WEEKDAYS if value.get(day)}


def _run_validators(name: str, value: Any, problems: Problems) -> bool:
    """The model's own validators; Django leaves them out where a field may be empty and the value is."""
    right = True
    for validator in FIELDS[name].validators:
        try:
            validator(value)
        except ValidationError as error:
            problems.add(name, " ".join(error.messages))
            right = False
    return right


def _parse_channels(enabled: set[str], value: Any, problems: Problems) -> set[str]:
    wrong = _('Give {"<channel>": {"enabled": true or false}} with a channel that can be surveyed.')
    if not isinstance(value, dict):
        problems.add("channels", wrong)
        return enabled
    enabled = set(enabled)
    for kind, toggle in value.items():
        right_shape = isinstance(toggle, dict) and toggle.keys() == {"enabled"}
        if kind in SURVEYED and right_shape and isinstance(toggle["enabled"], bool):
            (enabled.add if toggle["enabled"] else enabled.discard)(kind)
        else:
            problems.add("channels", wrong)
    return enabled


def _set_logo(settings: CsatSettings, value: Any, problems: Problems) -> None:
    """A file to store, or None to remove it; the address that `as_dict` shows changes nothing."""
    if value is None:
        settings.brand_logo = ""
    elif isinstance(value, File):
        with problems.of("brand_logo"):
            value.name = images.checked_name(value)
            settings.brand_logo = value
    elif value != settings.brand.logo_url:
        problems.add("brand_logo", _("Upload the logo on the settings screen."))


def _validate(settings: CsatSettings, problems: Problems) -> None:
    try:
        settings.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        for field, messages in error.message_dict.items():
            if (name := CONTRACT_NAMES.get(field, field)) not in problems.fields:
                problems.add(name, " ".join(messages))
