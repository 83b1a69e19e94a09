"""Agents: finding or creating the one a help desk names, and the one of a user who logs in."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import reduce
from operator import attrgetter, or_
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.text import compositions, one_line
from csat.people import addresses
from csat.people.models import Agent, Contact, Profile, Team


def find_or_create(*, name: str | None = "", email: str | None = "", kind: str | None = "human") -> Agent:
    """The agent with this email, else of this kind and name without email, else a new one. Raises Invalid."""
    return Directory().agent(name, email, kind)


class Identity(NamedTuple):
    """What an agent is known by: the address, or else kind and name."""

    name: str
    email: str
    kind: str

    @classmethod
    def of(cls, name: str | None, email: str | None, kind: str | None) -> "Identity":
        """Raises Invalid."""
        identity = cls(one_line(name or "")[:200], _email(email or ""), kind or Agent.Kind.HUMAN.value)
        if identity.kind not in Agent.Kind.values:
            raise Invalid(_("An agent is human or ai."), fields={"kind": [_("An agent is human or ai.")]})
        if not identity.name and not identity.email:
            raise Invalid(
                _("An agent needs a name or an email."),
                fields={"name": [_("An agent needs a name or an email.")]},
            )
        return identity

    @property
    def keys(self) -> set[tuple[str, ...]]:
        """Every form under which it may be stored."""
        if self.email:
            return {(spelling,) for spelling in addresses.spellings("email", self.email)}
        return {(self.kind, form) for form in compositions(self.name)}


class Directory:
    """Agents and teams by what help desks call them. Those that `read` is told of are looked up at once, by
    one query each; who is asked for and is not known is made.
    """

    def __init__(self) -> None:
        self._agents: dict[Identity, Agent] = {}
        self._teams: dict[str, Team] = {}

    def read(
        self, agents: Iterable[tuple[str | None, str | None, str | None]] = (), teams: Iterable[str] = ()
    ) -> None:
        """`agents`: name, email and kind of each. What is no agent or team is left out, not refused."""
        identities = set()
        for named in agents:
            with suppress(Invalid):
                identities.add(Identity.of(*named))
        self._read_agents(identities - self._agents.keys())
        names = {_team_name(name) for name in teams} - {""} - self._teams.keys()
        if names:
            self._read_teams(names)

    def agent(self, name: str | None, email: str | None, kind: str | None = Agent.Kind.HUMAN) -> Agent:
        """Raises Invalid."""
        identity = Identity.of(name, email, kind)
        if identity not in self._agents:
            self._read_agents({identity})
        if identity not in self._agents:
            name, email, kind = identity
            match = {"email": email} if email else {"email": "", "kind": kind, "name": name}
            self._agents[identity] = _create(match, name=name or email, kind=kind)
        return self._agents[identity]

    def team(self, name: str | None) -> Team | None:
        """None for no name."""
        if not (name := _team_name(name or "")):
            return None
        if name not in self._teams:
            self._read_teams({name})
        if name not in self._teams:
            self._teams[name] = Team.objects.get_or_create(name=name)[0]
        return self._teams[name]

    def _read_agents(self, identities: Collection[Identity]) -> None:
        keys = {identity: identity.keys for identity in identities}
        mails = {key[0] for forms in keys.values() for key in forms if len(key) == 1}
        names = {key[1] for forms in keys.values() for key in forms if len(key) == 2}
        wanted = [Q(email__in=mails)] * bool(mails) + [Q(email="", name__in=names)] * bool(names)
        if not wanted:
            return
        known: dict[tuple[str, ...], Agent] = {}
        for agent in Agent.objects.filter(reduce(or_, wanted)).order_by("id"):
            known.setdefault((agent.email,) if agent.email else (agent.kind, agent.name), agent)
        for identity, forms in keys.items():
            found = [known[key] for key in forms if key in known]
            if found:
                self._agents[identity] = _named(min(found, key=attrgetter("pk")), identity.name)

    def _read_teams(self, names: Collection[str]) -> None:
        forms = {form: name for name in names for form in compositions(name)}
        rows = Team.objects.select_related("brand").filter(name__in=forms).order_by("id")
        for team in rows:
            self._teams.setdefault(forms[team.name], team)


def _named(agent: Agent, name: str) -> Agent:
    """By the name it has at the help desk now; a user's name comes from their account."""
    if name and agent.name != name and agent.user_id is None:
        agent.change(name=name)
    return agent


def agent_for_user(user: User | AbstractBaseUser | AnonymousUser) -> Agent:
    """The agent of this user: matched once by email with a human agent, else created.

    It keeps the name it got then, whatever people call themselves in their profile: see `rename`.
    """
    assert isinstance(user, User)
    return (
        Agent.objects.filter(user=user).first()
        or _claim(user)
        or _create({"user": user}, **_unused_identity(user))
    )


def rename(user: User) -> None:
    """An admin has named this user: their work bears the name from now on."""
    agent, name = Agent.objects.filter(user=user).first(), user.get_full_name()
    if agent and name and agent.email and agent.name != name:
        agent.change(name=name)


def staff_addresses(among: Collection[str] | None = None) -> set[str]:
    """Mails and phone numbers of users who may log in, and mails of agents, as `is_one_of_us` compares them;
    those of these addresses only, by one query.
    """
    users = User.objects.filter(is_active=True).annotate(address=Lower("email"))
    phones = Profile.objects.filter(user__is_active=True).exclude(phone="")
    known = Agent.objects.all()
    if among is not None:
        mails, numbers = _spellings(addresses.EMAIL, among), _spellings(addresses.PHONE, among)
        if not mails and not numbers:
            return set()
        users, known = users.filter(address__in=mails), known.filter(email__in=mails)
        phones = phones.filter(phone__in=numbers)
    rows = users.values_list("address").union(
        known.order_by().values_list("email"), phones.values_list("phone")
    )
    return {_compared(address) for (address,) in rows} - {""}


def is_one_of_us(contact: Contact, staff: Collection[str]) -> bool:
    """Whether the mail or the number of this customer is among `staff_addresses`."""
    return any(address and address in staff for address in (contact.email, _compared(contact.phone)))


def _spellings(kind: str, texts: Collection[str]) -> set[str]:
    of_kind = (text for text in texts if text and ("@" in text) == (kind == addresses.EMAIL))
    return set().union(*(addresses.spellings(kind, text) for text in of_kind))


def _compared(address: str) -> str:
    """One form for every spelling; empty for what is no address."""
    if "@" in address:
        return _email(address, strict=False)
    return addresses.key(addresses.PHONE, address)


def find_or_create_team(name: str | None) -> Team | None:
    """The team of this name, created when there is none; None for no name."""
    return Directory().team(name)


def _team_name(name: str) -> str:
    return one_line(name)[:120]


def _claim(user: User) -> Agent | None:
    """Link the agent that a help desk named before its user first logged in."""
    email = _email(user.email, strict=False)
    agent = Agent.objects.filter(email=email, user=None, kind=Agent.Kind.HUMAN).first() if email else None
    if not agent or not agent.change(where={"user": None}, user=user):
        return None
    rename(user)
    return agent.again()


def _unused_identity(user: User) -> dict[str, str]:
    """Name and email for a new agent that collide with no other agent's."""
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


def _create(match: Mapping[str, object], **values: object) -> Agent:
    try:
        with transaction.atomic():
            return Agent.objects.create(**{**values, **match})
    except IntegrityError:
        return Agent.objects.get(**match)  # another request has just made it
