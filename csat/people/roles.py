"""Who may do what among the staff: three roles, each a group, brought up to date after every migrate."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.db.models import Q

from csat.people import agents
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

AGENT, MANAGER, ADMIN = "agent", "manager", "admin"
SECRET = ("apikey", "idempotencyrecord")
RANKED = (ADMIN, MANAGER, AGENT)

AGENT_MAY = {
    "view": {
        "contact", "session", "tag", "handoff", "handoffreason", "participation", "agent", "team", "survey", "delivery", "answer", "score",
        "followup",
    },
    "change": {"contact", "session", "followup"},
    "add": {"tag"},
}  # fmt: skip
MANAGER_MAY = {  # and to view everything but what is SECRET
    "add": {"tag", "team", "agent", "suppression", "endpoint", "workflow"},
    "change": {
        "contact", "session", "answer", "link", "followup", "team", "agent", "suppression", "csatsettings", "channelsettings", "endpoint",
        "workflow",
    },
    "delete": {"contact", "tag", "team", "endpoint", "workflow"},
}  # fmt: skip
ADMIN_ALSO = {"auth": {"user", "group"}, "django_q": {"schedule", "success", "failure", "ormq", "task"}, "axes": {"accessattempt"}}


def role_of(user: User | AbstractBaseUser | AnonymousUser) -> str | None:
    """The highest role of an active user; None for outsiders. A superuser counts as admin."""
    if not user.is_authenticated or not user.is_active or not isinstance(user, User):
        return None
    if user.is_superuser:
        return ADMIN
    groups = {group.name for group in user.groups.all()}
    return next((role for role in RANKED if role in groups), None)


def actor_of(user: User | AbstractBaseUser | AnonymousUser) -> Actor:
    """The user as the timeline names them."""
    agent = agents.of_user(user)
    return Actor(ActorKind.AGENT, str(agent.uuid), agent.name)


def emails_of(role: str) -> list[str]:
    """The addresses of the active people of a role; superusers count as admins."""
    of_role = Q(groups__name=role) | (Q(is_superuser=True) if role == ADMIN else Q())
    return sorted(set(User.objects.filter(of_role, is_active=True).exclude(email="").values_list("email", flat=True)))


def sync() -> None:
    """Make the groups and give each exactly its permissions. Idempotent."""
    _give(AGENT, _some(AGENT_MAY))
    _give(MANAGER, _some(MANAGER_MAY) | _ids(_ours() & Q(codename__startswith="view_") & ~Q(content_type__model__in=SECRET)))
    _give(ADMIN, _ids(_ours()) | _also(ADMIN_ALSO))


def _some(rights: dict[str, set[str]]) -> set[int]:
    return _ids(_ours() & Q(codename__in={f"{right}_{model}" for right, models in rights.items() for model in models}))


def _also(apps: dict[str, set[str]]) -> set[int]:
    return set().union(*(_ids(Q(content_type__app_label=app, content_type__model__in=models)) for app, models in apps.items()))


def _ours() -> Q:
    return Q(content_type__app_label="csat")


def _ids(wanted: Q) -> set[int]:
    return set(Permission.objects.filter(wanted).values_list("pk", flat=True))


def _give(role: str, permissions: Iterable[int]) -> None:
    group, _made = Group.objects.get_or_create(name=role)
    group.permissions.set(permissions)
