"""Whoever serves: finding the agent a helpdesk speaks of, and the one a user of ours is."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.text import one_line
from csat.people import addresses
from csat.people.models import Agent, Team


def find_or_create(*, name: str | None = "", email: str | None = "", kind: str | None = "human") -> Agent:
    """The agent with this email, else the one without email of this kind and name; else a new one. Raises Invalid."""
    name, kind = one_line(name or "")[:200], kind or Agent.Kind.HUMAN.value
    email = _email(email or "")
    if kind not in Agent.Kind.values:
        raise Invalid(_("An agent is human or ai."), fields={"kind": [_("An agent is human or ai.")]})
    if not name and not email:
        raise Invalid(_("An agent needs a name or an email."), fields={"name": [_("An agent needs a name or an email.")]})
    match = {"email": email} if email else {"email": "", "kind": kind, "name": name}
    found = Agent.objects.filter(**match).first()
    if found is None:
        found = _make(match, name=name or email, kind=kind)
    return _named(found, name)


def of_user(user: User | AbstractBaseUser | AnonymousUser) -> Agent:
    """The agent this user is: matched once by email (an AI never is), made when there is none."""
    assert isinstance(user, User)
    agent = Agent.objects.filter(user=user).first() or _claimed(user) or _make({"user": user}, **_nobody_elses(user))
    name = user.get_full_name()
    if name and agent.email and agent.name != name:
        agent.change(name=name)
    return agent


def team(name: str | None) -> Team | None:
    """The team of this name, made when there is none; None for no name."""
    name = one_line(name or "")[:120]
    return Team.objects.get_or_create(name=name)[0] if name else None


def _claimed(user: User) -> Agent | None:
    """The agent a helpdesk told of before its user first logged in."""
    email = _email(user.email, strict=False)
    free = Agent.objects.filter(email=email, user=None, kind=Agent.Kind.HUMAN).first() if email else None
    return free if free and free.change(where={"user": None}, user=user) else None


def _nobody_elses(user: User) -> dict[str, str]:
    """Name and email for a new agent; told apart from a namesake, or from an AI with the same mailbox."""
    email, name = _email(user.email, strict=False), user.get_full_name() or user.get_username()
    if email and not Agent.objects.filter(email=email).exists():
        return {"name": name, "email": email}
    if Agent.objects.filter(email="", kind=Agent.Kind.HUMAN, name=name).exists():
        name = f"{name} #{user.pk}"
    return {"name": name}


def _email(text: str, *, strict: bool = True) -> str:
    try:
        return addresses.email(text)
    except Invalid as refused:
        if strict:
            raise Invalid(refused.message, fields={"email": [refused.message]}) from None
        return ""


def _make(match: Mapping[str, object], **values: object) -> Agent:
    try:
        with transaction.atomic():
            return Agent.objects.create(**{**values, **match})
    except IntegrityError:
        return Agent.objects.get(**match)  # somebody made it a moment ago


def _named(agent: Agent, name: str) -> Agent:
    """The newest name counts, unless the agent is a user of ours, who has their own."""
    if name and agent.name != name and agent.user_id is None:
        agent.change(name=name)
    return agent
