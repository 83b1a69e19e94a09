"""Every channel a survey can go out on: one line each."""

from csat.channels.api import Api
from csat.channels.base import Channel
from csat.channels.email import Email
from csat.channels.phone_voice import PhoneVoice
from csat.channels.slack import Slack
from csat.channels.sms import Sms
from csat.channels.web import Web
from csat.channels.web_voice import WebVoice
from csat.channels.whatsapp import WhatsApp

_CHANNELS: list[Channel] = [Web(), Email(), PhoneVoice(), WhatsApp(), Sms(), Slack(), Api(), WebVoice()]
_BY_KIND = {channel.kind: channel for channel in _CHANNELS}


def all() -> list[Channel]:
    """In the order people see them."""
    return list(_CHANNELS)


def get(kind: str) -> Channel:
    """The channel of this slug; KeyError for one that is never surveyed."""
    return _BY_KIND[kind]
