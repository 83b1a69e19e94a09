"""Every brand in one shape, the default one among them."""

import pytest

from csat.lib.refusal import Invalid
from csat.people import brands as rows
from csat.surveys.delivery import link_handouts
from csat.surveys.models import CsatSettings
from csat.surveys.rules import brands, settings
from tests.factories import API, make_resolved_session, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


def test_the_default_one_comes_first() -> None:
    rows.create(by=API, slug="aardvark", name="Aardvark")
    settings.change(by=API, brand_name="Walrus")
    assert brands.choices() == [("default", "Walrus"), ("aardvark", "Aardvark")]


def test_the_fields_of_the_default_one_are_settings() -> None:
    changed = brands.change_default(
        by=API, name="Walrus", color="#113355", reply_to="r@walrus.example", opening_line={"de": "Hallo"}
    )
    shown = brands.as_dict(changed)
    assert settings.as_dict()["brand_name"] == shown["name"] == "Walrus"
    assert settings.as_dict()["custom_message"] == shown["opening_line"] == {"default": "", "de": "Hallo"}
    assert (shown["id"], shown["slug"], shown["archived"]) == (None, "default", False)


def test_what_is_wrong_with_it_is_named_as_a_brand_has_it() -> None:
    with pytest.raises(Invalid) as refused:
        brands.change_default(by=API, color="red", opening_line={"xx": "Hi"})
    assert refused.value.fields.keys() == {"color", "opening_line"}


@pytest.mark.parametrize("field", ["sender", "slug"])
def test_what_is_set_elsewhere_is_refused(field: str) -> None:
    with pytest.raises(Invalid) as refused:
        brands.change_default(by=API, **{field: "x"}, name="Walrus")
    assert list(refused.value.fields) == [field]
    assert CsatSettings.current().brand_name == "Support"


def test_who_was_asked_or_has_a_link_stays_under_one_brand() -> None:
    zebra = rows.create(by=API, slug="zebra", name="Zebra")
    not_asked, asked, with_link = make_resolved_session(), make_sent_survey().session, make_session()
    link_handouts.hand_out(with_link, by=API)
    brands.refuse_change(not_asked, zebra)
    for session in (asked, with_link):
        brands.refuse_change(session, None)
        with pytest.raises(Invalid) as refused:
            brands.refuse_change(session, zebra)
        assert list(refused.value.fields) == ["brand"]


def test_a_brand_has_the_same_shape() -> None:
    brand = rows.create(by=API, slug="zebra", name="Zebra", sender="care@zebra.example")
    shown = brands.as_dict(brand)
    assert shown.keys() == brands.as_dict(CsatSettings.current()).keys()
    assert (shown["slug"], shown["sender"], shown["logo"]) == ("zebra", "care@zebra.example", None)
