"""What managers do to themes."""

import pytest

from csat.lib.refusal import Invalid
from csat.surveys.visibility import Visibility
from csat.themes import editing, recounting
from csat.themes.models import MAX_WORDS, Recount, Theme, ThemeWords
from csat.themes.vocabulary import shipped
from csat.timeline.models import Event
from tests.factories import API
from tests.themes.conftest import Comment, themes_of

pytestmark = pytest.mark.django_db


def test_a_new_theme_has_a_slug_of_its_own_comes_last_and_is_audited() -> None:
    first = editing.create("Air ships", by=API)
    second = editing.create("Air-ships!", by=API)
    assert (first.slug, second.slug) == ("air-ships", "air-ships-2")
    assert Theme.objects.last() == second
    assert Event.objects.filter(data__what="theme.created").count() == 2


@pytest.mark.parametrize(
    ("field", "details"),
    [("name", {"name": ""}), ("name", {"name": "DELIVERY"}), ("colour", {"name": "x", "colour": "mauve"}),
     ("language", {"name": "x", "words": {"tlh": "nuqneH"}})],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_names_its_field(field: str, details: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        editing.create(by=API, **details)  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_a_theme_is_named_coloured_and_muted_without_another_count() -> None:
    recounting.run()
    theme = Theme.objects.get(slug="bot")
    assert editing.change(theme, by=API, name="Robots", colour="blue", muted=True)
    assert not editing.change(theme, by=API, name="Robots", colour="blue", muted=True)
    theme = theme.again()
    assert (str(theme), theme.slug, theme.colour, theme.muted) == ("Robots", "bot", "blue", True)
    assert not recounting.due()
    editing.change(theme, by=API, name="", colour="blue", muted=True)
    assert str(theme.again()) == "Bot"


def test_words_are_kept_only_where_they_are_others_than_came_with_us() -> None:
    theme = Theme.objects.get(slug="delivery")
    assert editing.set_words(theme, "en", "parcel, courier", by=API)
    assert not editing.set_words(theme, "en", "parcel\ncourier", by=API)
    assert editing.words_in(theme, "en") == ["parcel", "courier"]
    assert editing.set_words(theme, "en", "", by=API)
    assert editing.words_in(theme, "en") == shipped()["en"]["delivery"]
    assert not ThemeWords.objects.exists()


def test_merged_into_another_words_and_comments_go_over(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    both = comment("The parcel never arrived. I want a refund.")
    delivery, refund = Theme.objects.get(slug="delivery"), Theme.objects.get(slug="refund")
    editing.merge(delivery, into=refund, by=API)
    assert themes_of(score) == themes_of(both) == ["refund"]
    recounting.run()
    assert themes_of(score) == ["refund"]
    assert set(shipped()["en"]["delivery"]) < set(editing.words_in(refund, "en"))
    assert not Theme.objects.filter(slug="delivery").exists()
    with pytest.raises(Invalid):
        editing.merge(refund, into=refund, by=API)


def test_what_is_too_long_together_is_not_merged_and_nothing_changes() -> None:
    delivery, refund = Theme.objects.get(slug="delivery"), Theme.objects.get(slug="refund")
    editing.set_words(delivery, "ar", "parcel", by=API)  # comes before the language that is refused
    for theme, letter in ((delivery, "a"), (refund, "b")):
        editing.set_words(theme, "de", "\n".join(f"{letter}{n:05}" for n in range(MAX_WORDS // 8)), by=API)
    before = list(ThemeWords.objects.order_by("pk").values()), Recount.current().version
    with pytest.raises(Invalid) as refused:
        editing.merge(delivery, into=refund, by=API)
    assert list(refused.value.fields) == ["into"]
    assert "German" in refused.value.message
    assert "20,000" in refused.value.message.replace("20000", "20,000")
    assert (list(ThemeWords.objects.order_by("pk").values()), Recount.current().version) == before
    assert Theme.objects.filter(slug="delivery").exists()
    assert not Event.objects.filter(data__what="theme.merged").exists()


def test_one_that_is_removed_is_gone_from_every_comment(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    version = Recount.current().version
    editing.remove(Theme.objects.get(slug="delivery"), by=API)
    assert themes_of(score) == []
    assert Recount.current().version == version + 1


def test_a_preview_counts_the_latest_comments_with_one_of_these_words(comment: Comment) -> None:
    comment("It came by zeppelin.")
    comment("Ein Zeppelin ist da und ich freue mich.", language="de")
    comment("Nothing.")
    everything, nothing = Visibility(), Visibility(teams=())
    assert editing.preview("zeppelin*", "en", visibility=everything) == (1, ["It came by zeppelin."])
    assert editing.preview("zeppelin*", "en", visibility=nothing) == (0, [])
