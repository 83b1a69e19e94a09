"""The five roles of the staff; each is a group whose permissions are set after every migrate.

They stand in no line: what a role may do is a set of verbs (`permissions`), what it sees is `visibility`.
"""

from functools import reduce
from operator import or_

import structlog
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.db.models import Q, TextChoices, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from csat.channels import notices
from csat.lib.outcomes import Outcome
from csat.people import agents
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

log = structlog.get_logger(__name__)


class Role(TextChoices):
    AGENT = "agent", _("Agent")
    TEAM_LEAD = "team_lead", _("Team lead")
    ANALYST = "analyst", _("Analyst")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")


AGENT, TEAM_LEAD, ANALYST, MANAGER, ADMIN = Role.values
DOES = {  # one sentence each, for whoever gives a role
    AGENT: _("Works on conversations and asks customers for ratings."),
    TEAM_LEAD: _(
        "Works as an agent and reads reports and exports, for the conversations of their teams only."
    ),
    ANALYST: _("Reads conversations, reports and exports, and changes nothing."),
    MANAGER: _("Sees everything, and decides who is asked, when and how."),
    ADMIN: _("Does what managers do, and manages people, API keys, connections and imports."),
}
COUNTS_FIRST = (ADMIN, MANAGER, TEAM_LEAD, ANALYST, AGENT)  # of several roles that one person was given
SECRET = ("apikey", "idempotencyrecord")

AGENT_MAY = {
    "view": {
        "contact", "session", "tag", "handoff", "handoffreason", "participation", "agent", "team",
        "survey", "delivery", "answer", "score", "followup",
    },
    "change": {"contact", "session", "followup"},
    "add": {"tag"},
}  # fmt: skip
MANAGER_MAY = {  # besides viewing everything but SECRET
    "add": {"tag", "team", "agent", "suppression", "endpoint", "workflow"},
    "change": {
        "contact", "session", "answer", "link", "followup", "team", "agent", "suppression", "csatsettings",
        "channelsettings", "endpoint", "workflow",
    },
    "delete": {"contact", "tag", "team", "endpoint", "workflow"},
}  # fmt: skip
ADMIN_ALSO = {
    "auth": {"user", "group"},
    "django_q": {"schedule", "success", "failure", "ormq", "task"},
}


def role_of(user: User | AbstractBaseUser | AnonymousUser) -> str | None:
    """The role of an active user, or None. A superuser is an admin. One query, however often it is asked."""
    if not user.is_authenticated or not user.is_active or not isinstance(user, User):
        return None
    if user.is_superuser:
        return ADMIN
    prefetch_related_objects([user], "groups")
    groups = {group.name for group in user.groups.all()}
    return next((role for role in COUNTS_FIRST if role in groups), None)


def actor_of(user: User | AbstractBaseUser | AnonymousUser) -> Actor:
    """The user as an actor on the timeline."""
    agent = agents.agent_for_user(user)
    return Actor(ActorKind.AGENT, str(agent.uuid), agent.name, user_id=user.pk, username=user.get_username())


def as_actor(by: User | Actor) -> Actor:
    """The same of whoever may be a person or a program."""
    return by if isinstance(by, Actor) else actor_of(by)


def write_to_admins(subject: str, text: str) -> None:
    """Mail them, one by one. A mail that cannot be sent is logged: the log must do where mail is broken."""
    for address in emails_of(ADMIN):
        try:
            notices.send("email", to=address, subject=subject, text=text)
        except Outcome as failure:
            log.warning("the admins could not be told by mail", error=failure.text, code=failure.code)


def emails_of(role: str) -> list[str]:
    """The addresses of the active people of a role; superusers count as admins."""
    of_role = Q(groups__name=role) | (Q(is_superuser=True) if role == ADMIN else Q())
    return sorted(
        set(User.objects.filter(of_role, is_active=True).exclude(email="").values_list("email", flat=True))
    )


def sync() -> None:
    """Create the groups and give each exactly its permissions. Idempotent."""
    ours = Q(content_type__app_label="csat")
    everything_but_secrets = Q(codename__startswith="view_") & ~Q(content_type__model__in=SECRET)
    of_other_apps = reduce(
        or_,
        (
            Q(content_type__app_label=app, content_type__model__in=models)
            for app, models in ADMIN_ALSO.items()
        ),
    )
    _set_permissions(AGENT, ours & _to(AGENT_MAY))
    _set_permissions(TEAM_LEAD, ours & _to(AGENT_MAY))
    _set_permissions(ANALYST, ours & _to({"view": AGENT_MAY["view"]}))
    _set_permissions(MANAGER, ours & (_to(MANAGER_MAY) | everything_but_secrets))
    _set_permissions(ADMIN, ours | of_other_apps)


def _to(rights: dict[str, set[str]]) -> Q:
    return Q(codename__in=[f"{right}_{model}" for right, models in rights.items() for model in models])


def _set_permissions(role: str, wanted: Q) -> None:
    group, _is_new = Group.objects.get_or_create(name=role)
    group.permissions.set(Permission.objects.filter(wanted))
