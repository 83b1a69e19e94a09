"""Settings → Themes."""

import pytest
from django.urls import reverse

from csat.themes.models import Recount, Theme
from tests.themes.conftest import Comment, comment

__all__ = ["comment"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(db):
    return Theme.objects.get(slug="delivery")


def test_all_themes_are_listed_with_how_far_a_recount_is(manager, delivery):
    Recount.objects.update(done=1, total=4, finished_at=None)
    page = manager.get(reverse("themes")).content.decode()
    assert "Delivery" in page
    assert "25 %" in page


def test_a_theme_is_added_from_a_word_that_stands_out(manager):
    response = manager.post(reverse("theme-new"), {"language": "en", "words": "hinge"})
    theme = Theme.objects.get(slug="hinge")
    assert response.url == reverse("theme", args=[theme.uuid])
    assert theme.changed_words.get().text == "hinge"


def test_a_theme_without_a_name_is_refused_in_words(manager):
    page = manager.post(reverse("theme-new"), {"language": "en"}, follow=True).content.decode()
    assert "Give a name of at most 60 characters." in page


def test_name_colour_and_words_are_saved(manager, delivery):
    address = reverse("theme", args=[delivery.uuid])
    typed = {"name": "Parcels", "colour": "pink", "muted": "1", "language": "de", "words": "Päckchen"}
    assert manager.post(address, typed).url == f"{address}?language=de"
    delivery = delivery.again()
    assert (str(delivery), delivery.colour, delivery.muted) == ("Parcels", "pink", True)
    assert "Päckchen" in manager.get(f"{address}?language=de").content.decode()


def test_what_is_refused_stays_typed_and_says_why(manager, delivery):
    typed = {"name": "Refund", "colour": "pink", "language": "en", "words": "zeppelin"}
    response = manager.post(reverse("theme", args=[delivery.uuid]), typed)
    assert response.status_code == 422
    assert "Another theme has this name." in response.content.decode()
    assert "zeppelin" in response.content.decode()


def test_a_preview_counts_and_saves_nothing(manager, delivery, comment: Comment):
    comment("It came by zeppelin.")
    typed = {"name": "x", "language": "en", "words": "zeppelin", "preview": "1"}
    page = manager.post(reverse("theme", args=[delivery.uuid]), typed).content.decode()
    assert "At least 1 of the latest 500 comments" in page
    assert not delivery.changed_words.exists()


def test_merged_and_removed(manager, delivery):
    refund = Theme.objects.get(slug="refund")
    response = manager.post(reverse("theme-act", args=[delivery.uuid, "merge"]), {"into": "refund"})
    assert response.url == reverse("theme", args=[refund.uuid])
    manager.post(reverse("theme-act", args=[refund.uuid, "remove"]))
    assert not Theme.objects.filter(slug__in=["delivery", "refund"]).exists()
    bot = Theme.objects.get(slug="bot")
    assert manager.post(reverse("theme-act", args=[bot.uuid, "explode"])).status_code == 404
    manager.post(reverse("theme-act", args=[bot.uuid, "merge"]), {"into": "bot"})
    assert Theme.objects.filter(slug="bot").exists()


def test_words_that_are_too_many_together_are_said_and_both_themes_stay(manager, delivery):
    refund = Theme.objects.get(slug="refund")
    for theme, letter in ((delivery, "a"), (refund, "b")):
        text = "\n".join(f"{letter}{n:05}" for n in range(2500))
        theme.changed_words.create(language="de", text=text)
    address = reverse("theme-act", args=[delivery.uuid, "merge"])
    page = manager.post(address, {"into": "refund"}, follow=True).content.decode()
    assert "Together these themes have too many words" in page
    assert Theme.objects.filter(slug__in=["delivery", "refund"]).count() == 2


def test_the_tab_comments_shows_themes_heat_and_the_comments_behind_one(manager, comment: Comment):
    comment("The parcel never arrived.", score=1)
    page = manager.get(reverse("reports"), {"show": "comments"}).content.decode()
    assert "Low scores by theme" in page
    assert page.count("The parcel never arrived.") == 2  # as a quote, and in the list
    for across in ("agent_kind", "handoff_reason"):
        assert manager.get(reverse("reports"), {"show": "comments", "across": across}).status_code == 200
    narrowed = manager.get(reverse("reports"), {"show": "comments", "theme": "refund"}).content.decode()
    assert "The parcel never arrived." not in narrowed
    behind = manager.get(reverse("report-sessions"), {"by": "theme", "key": "delivery"}).content.decode()
    assert "Nadia Berg" in behind
