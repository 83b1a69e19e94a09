"""A link opens with whatever a program added that made it clickable (ckan#1984, tailscale/golink#148)."""

import pytest
from django.test import Client

from tests.factories import make_sent_survey
from tests.tokens import rate_token, unsubscribe_token
from tests.web.pages import form, rate

pytestmark = pytest.mark.django_db
ADDED = ("/", ".", ")", "。", "」", "),", "!", "...", "/.", "*", "%22", "%3E", "\u200b", "'s")


@pytest.mark.parametrize("added", ADDED)
def test_a_rating_link_opens(customer: Client, added: str) -> None:
    address = f"/r/{rate_token(make_sent_survey())}{added}"
    assert customer.get(address).status_code == 200
    assert form(customer.get(f"{address}?score=4")).fields["score"] == "4"


@pytest.mark.parametrize("added", ADDED)
def test_stop_asking_me_opens(customer: Client, added: str) -> None:
    contact = make_sent_survey().session.contact
    assert customer.get(f"/u/{unsubscribe_token(contact)}{added}").status_code == 200


def test_what_is_sent_from_there_is_a_rating(customer: Client) -> None:
    survey = make_sent_survey()
    address = f"/r/{rate_token(survey)}."
    rate(customer, address, 4)
    assert survey.again().state == "answered"


@pytest.mark.parametrize("path", ["/r/", "/r/.", "/r/%20", "/r//", "/u/)"])
def test_without_a_token_nothing_opens(customer: Client, path: str) -> None:
    assert customer.get(path).status_code == 404


def test_a_letter_more_is_another_token(customer: Client) -> None:
    assert customer.get(f"/r/{rate_token(make_sent_survey())}x").status_code == 404
