"""The themes that come with us."""

import pytest

from csat.themes import recounting, seeding
from csat.themes.models import SHIPPED, Recount, Theme

pytestmark = pytest.mark.django_db


def test_they_are_there_after_the_first_migrate_in_their_order() -> None:
    assert list(Theme.objects.values_list("slug", flat=True)) == list(SHIPPED)
    assert str(Theme.objects.get(slug="not_solved")) == "Not solved"


def test_one_that_was_removed_does_not_come_back() -> None:
    Theme.objects.get(slug="bot").delete()
    seeding.seed()
    assert not Theme.objects.filter(slug="bot").exists()


def test_new_words_of_a_new_version_are_looked_for_in_all_comments() -> None:
    recounting.run()
    seeding.seed()
    assert not recounting.due()
    Recount.objects.update(shipped="of the version before")
    seeding.seed()
    assert recounting.due()
