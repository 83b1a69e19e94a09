"""Every help desk there is a connector for: one line each, in the order of the gallery."""

from csat.connectors.base import System
from csat.connectors.systems.chatwoot import Chatwoot
from csat.connectors.systems.freescout import FreeScout
from csat.connectors.systems.freshdesk import Freshdesk
from csat.connectors.systems.front import Front
from csat.connectors.systems.generic import Generic
from csat.connectors.systems.gorgias import Gorgias
from csat.connectors.systems.helpscout import HelpScout
from csat.connectors.systems.hubspot import HubSpot
from csat.connectors.systems.intercom import Intercom
from csat.connectors.systems.jsm import Jsm
from csat.connectors.systems.salesforce import Salesforce
from csat.connectors.systems.twilio_flex import TwilioFlex
from csat.connectors.systems.zammad import Zammad
from csat.connectors.systems.zendesk import Zendesk

_SYSTEMS: list[System] = [
    Chatwoot(),
    Zammad(),
    FreeScout(),
    Zendesk(),
    Intercom(),
    Freshdesk(),
    HubSpot(),
    HelpScout(),
    Front(),
    Gorgias(),
    TwilioFlex(),
    Jsm(),
    Salesforce(),
    Generic(),
]
_BY_KIND = {system.kind: system for system in _SYSTEMS}


def all() -> list[System]:
    """In the order people see them."""
    return list(_SYSTEMS)


def get(kind: str) -> System:
    """The system of this slug; KeyError for an unknown one."""
    return _BY_KIND[kind]


def find(kind: str) -> System | None:
    return _BY_KIND.get(kind)


def choices() -> list[tuple[str, str]]:
    """Of the model's field: no migration for one more."""
    return [(system.kind, system.label) for system in _SYSTEMS]
