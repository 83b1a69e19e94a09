"""docs/privacy.md: every table that may hold a person's words is in its register, and no table it lacks."""

import re

from django.apps import apps

from tests.house.test_erasure import personal
from tests.workers import ROOT

PAGE = (ROOT / "docs" / "privacy.md").read_text()
STAFF = {
    "auth_user", "csat_profile", "csat_agent", "csat_team", "csat_invitation", "csat_personaldataread",
    "csat_apikey", "django_session", "account_emailaddress", "mfa_authenticator",
    "usersessions_usersession", "socialaccount_socialaccount",
}  # fmt: skip


def registered() -> set[str]:
    """The tables in the first cells of its rows."""
    cells = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*)[^|]*\|", PAGE, re.M)
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}


def test_every_table_with_words_of_customers_is_in_the_register() -> None:
    tables = {column.partition(".")[0] for column in personal()}
    assert tables - registered() == set()


def test_every_table_of_staff_is_in_it() -> None:
    assert STAFF - registered() == set()


def test_it_names_no_table_that_there_is_not() -> None:
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert registered() - known == set()


def test_it_says_how_long_the_files_that_end_are_kept() -> None:
    from csat.lib import retention
    from csat.people import idempotency

    for kind in retention.kinds():
        days = f"{kind.days} days" if kind.days else "for ever"
        assert re.search(rf"\*{kind.name}\*, {days}", PAGE), kind.name
    assert f"| {idempotency.KEPT.total_seconds() / 3600:.0f} hours |" in PAGE
