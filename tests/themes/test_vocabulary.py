"""The words of all themes."""

import pytest
from django.conf import settings

from csat.themes import editing
from csat.themes.models import SHIPPED, Theme
from csat.themes.vocabulary import Vocabulary, current, shipped
from tests.factories import API

pytestmark = pytest.mark.django_db


def test_there_are_words_of_every_theme_in_every_language() -> None:
    assert set(shipped()) == {code for code, _name in settings.LANGUAGES}
    for by_slug in shipped().values():
        assert by_slug.keys() == SHIPPED.keys()
        assert min(len(words) for words in by_slug.values()) >= 20


@pytest.mark.parametrize(
    ("comment", "language", "slug"),
    [
        ("My parcels never arrived", "en", "delivery"),
        ("Die Lieferungen kommen immer zu spät", "de", "delivery"),
        ("Les livreurs ne viennent pas", "fr", "delivery"),
        ("返金してください", "ja", "refund"),
        ("太贵了", "zh-hans", "price"),
        ("لم يصل الطرد", "ar", "delivery"),
    ],
)
def test_what_came_with_us_is_found(comment: str, language: str, slug: str) -> None:
    theme = Theme.objects.get(slug=slug)
    assert theme.pk in current().themes(comment, language, 3)


def test_a_comment_in_another_language_than_its_conversation_is_understood() -> None:
    refund = Theme.objects.get(slug="refund")
    assert refund.pk in current().themes("Ich warte auf die Rückerstattung", "en", 3)


def test_without_forms_only_words_as_they_stand_are_found() -> None:
    words = {"en": {1: ["parcel"]}}
    assert Vocabulary(words).themes("two parcels", "en", 3) == {1}
    assert Vocabulary(words, forms=False).themes("two parcels", "en", 3) == set()
    assert Vocabulary(words, forms=False).themes("a parcel", "en", 3) == {1}


def test_the_words_are_read_again_when_somebody_changed_them() -> None:
    theme = Theme.objects.get(slug="delivery")
    assert theme.pk not in current().themes("the zeppelin was late", "en", 3)
    editing.set_words(theme, "en", "zeppelin", by=API)
    assert theme.pk in current().themes("the zeppelin was late", "en", 3)
