"""The tokens of links, read from the addresses that customers are sent."""

from csat.people.models import Contact
from csat.surveys import links
from csat.surveys.models import Survey


def rate_token(survey: Survey) -> str:
    return links.rate_url(survey).rpartition("/")[2]


def unsubscribe_token(contact: Contact) -> str:
    return links._token(links.Purpose.UNSUBSCRIBE, contact).rpartition("/")[2]
