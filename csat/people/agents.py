"""Agents: finding or creating the one a help desk names, and the one of a user who logs in."""

from collections.abc import Collection, Mapping

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.text import compositions, one_line
from csat.people import addresses
from csat.people.models import Agent, Contact, Profile, Team


def find_or_create(*, name: str | None = "", email: str | None = "", kind: str | None = "human") -> Agent:
    """The agent with this email, else of this kind and name without email, else a new one. Raises Invalid."""
    name, kind = one_line(name or "")[:200], kind or Agent.Kind.HUMAN.value
    email = _email(email or "")
    if kind not in Agent.Kind.values:
        raise Invalid(_("An agent is human or ai."), fields={"kind": [_("An agent is human or ai.")]})
    if not name and not email:
        raise Invalid(
            _("An agent needs a name or an email."),
            fields={"name": [_("An agent needs a name or an email.")]},
        )
    match = {"email": email} if email else {"email": "", "kind": kind, "name": name}
    if email:
        known = Agent.objects.filter(email__in=addresses.spellings("email", email))
    else:
        known = Agent.objects.filter(email="", kind=kind, name__in=compositions(name))
    agent = known.order_by("id").first() or _create(match, name=name or email, kind=kind)
    if name and agent.name != name and agent.user_id is None:  # a user's name comes from their account
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
    name = one_line(name or "")[:120]
    if not name:
        return None
    known = Team.objects.select_related("brand").filter(name__in=compositions(name))
    team = known.order_by("id").first()
    return team or Team.objects.get_or_create(name=name)[0]


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
