"""manage.py welcome."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def welcome() -> str:
    output = StringIO()
    call_command("welcome", stdout=output)
    return output.getvalue().strip()


def test_it_prints_the_address_that_opens_the_form(customer: Client) -> None:
    address = welcome()
    page = customer.get(address[address.index("/welcome/") :], follow=True)
    assert "Name of your organisation" in page.content.decode()


def test_once_somebody_has_an_account_it_prints_no_code(agent_user: User) -> None:
    assert "code=" not in welcome()
    assert "already" in welcome()


def test_break_glass_names_a_superuser_or_says_that_there_is_none(admin_user: User) -> None:
    output = StringIO()
    call_command("welcome", break_glass=True, user="ada", stdout=output)
    assert "/account/break-glass/" in output.getvalue()
    with pytest.raises(CommandError, match="no such active superuser"):
        call_command("welcome", break_glass=True, user="maria")
