"""Every channel a survey can go out on: one line each. What is particular to a channel is asked here."""

from csat.channels.base import Addresses, Channel
from csat.channels.email import Email
from csat.channels.kinds import Channel as Kind
from csat.channels.kinds import Medium
from csat.channels.no_transport import SendsNothing
from csat.channels.slack import Slack
from csat.channels.sms import Sms
from csat.channels.whatsapp import WhatsApp

_CHANNELS: list[Channel] = [
    SendsNothing(Kind.WEB, Medium.CARD),
    Email(Kind.EMAIL),
    Sms(Kind.PHONE),
    WhatsApp(),
    Sms(Kind.SMS),
    Slack(),
    SendsNothing(Kind.API, Medium.NONE),
    Email(Kind.WEB_VOICE),
]
_BY_KIND = {channel.kind: channel for channel in _CHANNELS}
_CARRIERS: list[Channel] = []  # of rooms above, which put themselves here


def all() -> list[Channel]:
    """In the order people see them."""
    return list(_CHANNELS)


def get(kind: str) -> Channel:
    """The channel of this slug; KeyError for one that is never surveyed."""
    return _BY_KIND[kind]


def find(kind: str) -> Channel | None:
    """The channel of this slug; None for one that is never surveyed."""
    return _BY_KIND.get(kind)


def of_medium(medium: str) -> Channel | None:
    """A channel that writes to addresses of this medium: those of one medium agree about them."""
    return next((channel for channel in [*_CHANNELS, *_CARRIERS] if channel.medium == medium), None)


def add_carrier(carrier: Channel) -> None:
    """From now on it carries surveys of any channel to the addresses that it knows."""
    _CARRIERS[:] = [other for other in _CARRIERS if other.medium != carrier.medium] + [carrier]


def carrier(kind: str, medium: str) -> Channel:
    """Who takes a survey of this channel to an address of this medium: the channel itself, or a carrier."""
    return next((other for other in _CARRIERS if other.medium == medium), None) or get(kind)


def first_way(kind: str, addresses: Addresses) -> Channel:
    """Who takes the first message of this channel to this customer: a carrier that reaches them, or the
    channel.
    """
    reaching = (other for other in _CARRIERS if addresses.helpdesk and other.address(addresses) is not None)
    return next(reaching, None) or get(kind)


def fallbacks(kind: str, *, connected: bool = False) -> tuple[str, ...]:
    """Where a survey goes next when this channel finally fails.

    `connected`: of a conversation that lives in a help desk.
    """
    channel = find(kind)
    if channel is None:
        return ()
    return channel.fallbacks_when_connected if connected else channel.fallbacks


def medium_choices() -> list[tuple[str, str]]:
    """Every medium and its name: that of the channel where it is the channel's own."""
    return [(str(value), str(label)) for value, label in Medium.choices] + _own("medium", Medium.values)


def source_choices(known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The sources of answers: the known ones, and the channels' own."""
    return known + _own("source", [value for value, _label in known])


def suppression_choices(known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What suppressed addresses are: the known kinds, and the channels' own."""
    suppressible = {channel.kind for channel in _CHANNELS if channel.suppressible}
    return known + [
        own for own in _own("needs", [value for value, _label in known]) if own[0] in suppressible
    ]


def _own(name: str, known: list[str]) -> list[tuple[str, str]]:
    """The channels' words that nobody else has."""
    own = {
        value: str(Kind(channel.kind).label)
        for channel in _CHANNELS
        if (value := getattr(channel, name)) not in ("", *known)
    }
    return list(own.items())
