"""Digests: start one of a saved view for a reader, and stop it, also by the link in a mail."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.transports.slack import ID as SLACK_CHANNEL
from csat.lib.refusal import Invalid, Problems
from csat.lib.text import as_uuid
from csat.people import profiles, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.permissions import Verb, role_may
from csat.reports import views
from csat.reports.models import SavedView
from csat.subscriptions import due_times
from csat.subscriptions.models import Digest, Rhythm, Via
from csat.timeline.recording import Actor
from csat.webhooks.models import Endpoint

NEEDS = {  # what somebody must be allowed to do besides reading reports
    Via.EMAIL: Verb.READ_REPORTS,
    Via.SLACK: Verb.MANAGE_SETTINGS,
    Via.WEBHOOK: Verb.MANAGE_WEBHOOKS,
}
_signer = Signer(salt="csat.digest.stop")


@transaction.atomic
def start(
    view: SavedView,
    *,
    by: User | Actor,
    reader: User | None = None,
    via: str = Via.EMAIL,
    to: str = "",
    endpoint: Endpoint | None = None,
    rhythm: str = Rhythm.WEEKLY,
    weekday: int = 0,
    hour: int = 8,
) -> Digest:
    """Send this view from its next due time on. Raises Invalid with every field that is wrong.

    `reader` (for email; else `by`): whose mail, rights and clock count. `to`: the channel id of Slack.
    `weekday`: 0 (Monday) to 6, `hour`: 0 to 23. A program that asks has the rights of the view's owner.
    """
    person, problems = view.user if isinstance(by, Actor) else by, Problems()
    reader = (reader or person) if via == Via.EMAIL else person
    if via not in Via.values or not role_may(roles.role_of(person), NEEDS[Via(via)]):
        problems.add("via", _("Choose from the list."))
    _check_times(rhythm, weekday, hour, problems)
    if via == Via.EMAIL:
        _check_reader(reader, person, problems)
    elif views.names_agents(view):
        problems.add("via", _("This view is of single agents: it can be sent by email only."))
    if via == Via.SLACK and not SLACK_CHANNEL.fullmatch(to):
        problems.add("to", _("Give the ID of a Slack channel, such as C0123456789."))
    if via == Via.WEBHOOK and (endpoint is None or endpoint.deleted_at or not endpoint.enabled):
        problems.add("endpoint", _("Choose a webhook that is switched on."))
    problems.check()
    address = {Via.SLACK: to, Via.WEBHOOK: str(endpoint.uuid) if endpoint else ""}.get(Via(via), "")
    digest = Digest(
        view=view, user=reader, via=via, to=address, rhythm=rhythm, weekday=weekday, hour=hour,
        endpoint=endpoint if via == Via.WEBHOOK else None,
    )  # fmt: skip
    digest.next_at = next_due(digest)
    try:
        with transaction.atomic():
            digest.save()
    except IntegrityError:
        text = _("This view is already sent there. Stop that one first.")
        raise Invalid(text, fields={"via": [text]}) from None
    after = {"view": view.name, "via": str(via), "reader": reader.get_username(), "rhythm": str(rhythm)}
    audit(roles.as_actor(by), AuditAction.DIGEST_STARTED, after=after, target=digest)
    return digest


@transaction.atomic
def change(digest: Digest, *, by: User | Actor, rhythm: str, weekday: int, hour: int) -> bool:
    """Send it at other times from now on; False when it was so already or was stopped. Raises Invalid."""
    problems = Problems()
    _check_times(rhythm, weekday, hour, problems)
    problems.check()
    before = {"rhythm": digest.rhythm, "weekday": digest.weekday, "hour": digest.hour}
    after = {"rhythm": str(rhythm), "weekday": weekday, "hour": hour}
    if after == before:
        return False
    digest.rhythm, digest.weekday, digest.hour = rhythm, weekday, hour
    if not digest.change(where={"stopped_at": None}, **after, next_at=next_due(digest)):
        return False
    audit(roles.as_actor(by), AuditAction.DIGEST_CHANGED, before=before, after=after, target=digest)
    return True


@transaction.atomic
def stop(digest: Digest, *, by: User | Actor) -> bool:
    """False when it had been stopped already."""
    if not digest.change(where={"stopped_at": None}, stopped_at=timezone.now()):
        return False
    before = {"view": digest.view.name, "via": digest.via, "reader": digest.user.get_username()}
    audit(roles.as_actor(by), AuditAction.DIGEST_STOPPED, before=before, target=digest)
    return True


def all_running() -> QuerySet[Digest]:
    return Digest.objects.filter(stopped_at=None).select_related("view", "user", "endpoint")


def running(by: User) -> QuerySet[Digest]:
    """Those that this person gets or set up on their views; for admins everybody's."""
    rows = all_running()
    if role_may(roles.role_of(by), Verb.CHANGE_PEOPLE):
        return rows
    return rows.filter(user=by) | rows.filter(view__user=by)


def readers(by: User) -> list[User]:
    """To whom this person may send a mail: themselves first; managers to everybody who reads reports."""
    if not role_may(roles.role_of(by), Verb.MANAGE_SETTINGS):
        return [by]
    others = User.objects.filter(is_active=True).exclude(pk=by.pk).exclude(email="")
    others = others.prefetch_related("groups").order_by("first_name", "last_name", "username")
    return [by, *(user for user in others if role_may(roles.role_of(user), Verb.READ_REPORTS))]


def may_read(digest: Digest) -> bool:
    """Whether its reader still may: judged anew for every issue."""
    user = digest.user
    may = user.is_active and role_may(roles.role_of(user), Verb.READ_REPORTS)
    return may and role_may(roles.role_of(user), NEEDS[Via(digest.via)])


def next_due(digest: Digest) -> datetime:
    return due_times.next_due(
        digest.rhythm,
        weekday=digest.weekday,
        hour=digest.hour,
        zone=profiles.zone_of(digest.user),
        after=timezone.now(),
    )


def stop_url(digest: Digest) -> str:
    return f"{settings.SITE_URL}/digests/stop/{_signer.sign(digest.uuid.hex)}/"


def find_by_token(token: str) -> Digest | None:
    """The digest, stopped or not, that the link of a mail names."""
    try:
        uuid = as_uuid(_signer.unsign(token))
    except BadSignature:
        return None
    if uuid is None:
        return None
    return Digest.objects.filter(uuid=uuid).select_related("view", "user").first()


def _check_times(rhythm: str, weekday: int, hour: int, problems: Problems) -> None:
    if rhythm not in Rhythm.values:
        problems.add("rhythm", _("Choose from the list."))
    if weekday not in range(7):
        problems.add("weekday", _("Choose a day of the week."))
    if hour not in range(24):
        problems.add("hour", _("Choose an hour from 0 to 23."))


def _check_reader(reader: User, by: User, problems: Problems) -> None:
    if reader not in readers(by):
        problems.add("reader", _("Choose somebody from the list."))
    elif not reader.email:
        problems.add("reader", _("This person has no email address. Add one in the profile first."))
