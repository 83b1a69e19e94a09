"""Languages as people and machines name them, brought to the ones the installation speaks."""

import pytest

from csat.lib import languages


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("de", "de"),
        ("de_AT", "de"),
        (" DE ", "de"),
        ("pt", "pt-br"),
        ("pt-PT", "pt-br"),
        ("zh-CN", "zh-hans"),
        ("xx", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_every_tag_leads_to_a_language_that_is_spoken(tag: str | None, spoken: str) -> None:
    assert languages.normalize(tag) == spoken


def test_an_unknown_one_falls_back_to_what_is_asked_for() -> None:
    assert languages.normalize("xx", "fr") == "fr"


def test_a_persons_language_is_kept_although_nobody_speaks_it_yet() -> None:
    assert [languages.name_of(tag) for tag in ("no", "nb_NO", "de-CH", "xx")] == ["nb", "nb", "de", ""]
    assert languages.normalize("nb") == "en"
