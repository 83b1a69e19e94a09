"""Shares: a signed link that shows one saved view without a login, with at most its maker's rights."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Problems
from csat.lib.text import as_uuid
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.permissions import Verb, role_may
from csat.reports import views
from csat.reports.models import SavedView
from csat.subscriptions.models import Share
from csat.timeline.recording import Actor

LIVES = (7, 30, 90, 365)  # days to choose from
OPENING_NOTED_EVERY = timedelta(minutes=1)
_signer = Signer(salt="csat.share")


@transaction.atomic
def make(
    view: SavedView,
    *,
    by: User | Actor,
    days: int = 30,
    with_names: bool = False,
    with_comments: bool = False,
) -> Share:
    """Raises Invalid with every field that is wrong. `days` until it ends: one of LIVES.

    Without names no agent is named, so a view of single agents needs `with_names`. One that a program makes
    is that of the view's owner: it shows what the owner may see.
    """
    maker, problems = view.user if isinstance(by, Actor) else by, Problems()
    if not role_may(roles.role_of(maker), Verb.READ_REPORTS):
        problems.add("view_id", _("The owner of this view may not read reports any more."))
    _check(view, days, with_names, problems)
    problems.check()
    share = Share.objects.create(
        view=view,
        user=maker,
        with_names=with_names,
        with_comments=with_comments,
        expires_at=timezone.now() + timedelta(days=days),
    )
    after = {"view": view.name, "days": days, "with_names": with_names, "with_comments": with_comments}
    audit(roles.as_actor(by), AuditAction.REPORT_SHARED, after=after, target=share)
    return share


@transaction.atomic
def change(
    share: Share,
    *,
    by: User | Actor,
    days: int | None = None,
    with_names: bool | None = None,
    with_comments: bool | None = None,
) -> bool:
    """What it shows from now on; `days`: it ends so many days from now. None leaves what there is. False when
    it opens nothing any more. Raises Invalid.
    """
    names = share.with_names if with_names is None else with_names
    problems = Problems()
    _check(share.view, days, names, problems)
    problems.check()
    after = {
        "with_names": names,
        "with_comments": share.with_comments if with_comments is None else with_comments,
    }
    ends = {} if days is None else {"expires_at": timezone.now() + timedelta(days=days)}
    before = {"with_names": share.with_names, "with_comments": share.with_comments}
    if not share.change(where={"revoked_at": None}, **after, **ends):
        return False
    told = after if days is None else after | {"days": days}
    audit(roles.as_actor(by), AuditAction.SHARE_CHANGED, before=before, after=told, target=share)
    return True


@transaction.atomic
def revoke(share: Share, *, by: User | Actor) -> bool:
    """False when it was revoked already."""
    if not share.change(where={"revoked_at": None}, revoked_at=timezone.now()):
        return False
    before = {"view": share.view.name}
    audit(roles.as_actor(by), AuditAction.SHARE_REVOKED, before=before, target=share)
    return True


def all_open() -> QuerySet[Share]:
    return Share.objects.filter(_opens()).select_related("view", "user")


def open_ones(by: User) -> QuerySet[Share]:
    """Those of this person that still open; for admins everybody's."""
    rows = all_open()
    return rows if role_may(roles.role_of(by), Verb.CHANGE_PEOPLE) else rows.filter(user=by)


def url(share: Share) -> str:
    """The address that opens it. It is derived, so that it can be shown again and is stored nowhere."""
    return f"{settings.SITE_URL}/share/{_signer.sign(share.uuid.hex)}/"


def find(token: str) -> Share | None:
    """The share that this token opens; None for an unknown, a revoked and an expired one alike, and for one
    whose maker may no longer read reports.
    """
    try:
        uuid = as_uuid(_signer.unsign(token))
    except BadSignature:
        return None
    if uuid is None:
        return None
    share = Share.objects.filter(_opens(), uuid=uuid).select_related("view", "user").first()
    if share is None or not role_may(roles.role_of(share.user), Verb.READ_REPORTS):
        return None
    if views.names_agents(share.view) and not share.with_names:  # the view was changed since
        return None
    return share


def note_opened(share: Share) -> None:
    """When it was last opened, at most once a minute: a wall asks all day."""
    now = timezone.now()
    if share.last_opened_at is None or now - share.last_opened_at >= OPENING_NOTED_EVERY:
        share.change(last_opened_at=now)


def _check(view: SavedView, days: int | None, with_names: bool, problems: Problems) -> None:
    if days is not None and days not in LIVES:
        problems.add("days", _("Choose from the list."))
    if views.names_agents(view) and not with_names:
        problems.add("with_names", _("This view is of single agents: it can be shared with names only."))


def _opens() -> Q:
    return Q(revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)
