"""Brands: made, changed, archived, given to teams."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from csat.lib.refusal import Invalid
from csat.people import agents, brands
from csat.people.models import Brand, Team
from csat.timeline.models import Event
from tests.factories import API
from tests.pictures import png

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def make(**fields: Any) -> Brand:
    return brands.create(by=API, **{"slug": "zebra", "name": "Zebra", **fields})


def audited() -> list[tuple[str, Any, Any]]:
    entries = Event.objects.filter(kind="audit").order_by("id")
    return [(entry.data["what"], entry.data["before"], entry.data["after"]) for entry in entries]


class TestCreating:
    def test_values_are_kept_as_customers_see_them(self) -> None:
        brand = make(
            name=" Zebra\u200b  Care ",
            color="#AA3300",
            sender="Zebra, Inc <care@Zebra.example>",
            reply_to="",
            opening_line={"pt": " Olá ", "de": ""},
        )
        assert brands.as_dict(brand.again()) == {
            "slug": "zebra", "name": "Zebra Care", "color": "#aa3300", "logo": "", "reply_to": "",
            "sender": '"Zebra, Inc" <care@zebra.example>', "opening_line": {"pt-br": "Olá"},
        }  # fmt: skip
        assert audited()[0][0] == "brand.added"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("slug", ""), ("slug", "Zé bra"), ("slug", "default"), ("slug", "taken"), ("slug", "a" * 61),
            ("name", ""), ("name", " \u200b "), ("name", "x" * 81), ("name", 5),
            ("color", "red"), ("color", "#12345"), ("color", ""),
            ("sender", "nobody"), ("sender", "Zebra <nobody>"), ("sender", "a@b.example, c@d.example"),
            ("sender", "Zebra\r\nBcc: x@evil.example"), ("reply_to", "nobody"),
            ("logo", "https://elsewhere.example/logo.png"), ("logo", ContentFile(b"<svg/>", name="a.svg")),
            ("opening_line", "Hi"), ("opening_line", {"xx": "Hi"}), ("opening_line", {"de": 5}),
            ("opening_line", {"de": "x" * 1001}), ("colour", "#ffffff"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named_and_nothing_is_made(self, field: str, value: Any) -> None:
        make(slug="taken")
        with pytest.raises(Invalid) as refused:
            make(**{field: value})
        assert list(refused.value.fields) == [field]
        assert Brand.objects.count() == 1

    def test_all_that_is_wrong_is_named_at_once(self) -> None:
        with pytest.raises(Invalid) as refused:
            brands.create(by=API, color="red")
        assert refused.value.fields.keys() == {"slug", "name", "color"}


class TestChanging:
    def test_lines_are_merged_and_the_difference_is_audited(self) -> None:
        brand = make(opening_line={"default": "Hi", "de": "Hallo"})
        brands.change(brand, by=API, name="Zebra Care", opening_line={"de": "", "fr": "Salut"})
        assert brand.again().opening_line == {"default": "Hi", "fr": "Salut"}
        what, before, after = audited()[-1]
        assert what == "brand.changed"
        assert (before["name"], after["name"]) == ("Zebra", "Zebra Care")
        assert "color" not in after

    def test_no_change_is_not_audited(self) -> None:
        brand = make()
        brands.change(brand, by=API, name="Zebra")
        assert [entry[0] for entry in audited()] == ["brand.added"]

    def test_the_slug_stays(self) -> None:
        with pytest.raises(Invalid) as refused:
            brands.change(make(), by=API, slug="giraffe")
        assert list(refused.value.fields) == ["slug"]

    def test_another_logo_takes_the_place_of_the_old_file(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        brand = make(logo=ContentFile(png(2, 2), name="../evil.html"))
        old = brand.logo
        assert old.name == "brand/logo.png"
        with django_capture_on_commit_callbacks(execute=True):
            brand = brands.change(brand, by=API, logo=ContentFile(png(3, 3), name="b.png"))
        assert brand.logo.name != old.name
        assert not old.storage.exists(old.name)
        with django_capture_on_commit_callbacks(execute=True):
            assert not brands.change(brand, by=API, logo=None).again().logo

    def test_the_address_that_is_shown_changes_no_logo(self) -> None:
        brand = make(logo=ContentFile(png(2, 2), name="a.png"))
        brands.change(brand, by=API, logo=brand.value.logo_url)
        assert brand.again().logo.name == "brand/logo.png"


class TestNaming:
    def test_without_a_slug_nothing_is_named(self) -> None:
        assert brands.named("") == brands.named(None) == {}

    def test_the_default_brand_may_be_named(self) -> None:
        assert brands.named("default") == {"brand": None, "brand_settled": True}

    def test_an_unknown_one_is_refused_by_the_name_of_the_field(self) -> None:
        with pytest.raises(Invalid, match="giraffe") as refused:
            brands.named("giraffe")
        assert list(refused.value.fields) == ["brand"]

    def test_an_archived_one_is_for_what_has_it_already(self) -> None:
        brand = make()
        assert brands.archive(brand, by=API)
        assert not brands.archive(brand, by=API)
        with pytest.raises(Invalid, match="archived"):
            brands.named("zebra")
        assert brands.named("zebra", archived=True)["brand"] == brand
        assert brands.restore(brand, by=API)
        assert not brands.restore(brand, by=API)
        assert brands.named("zebra")["brand"] == brand
        assert [entry[0] for entry in audited()][1:] == ["brand.archived", "brand.restored"]


class TestTeams:
    def test_exactly_the_chosen_ones_use_it(self) -> None:
        sales, care, billing = map(agents.find_or_create_team, ("Sales", "Care", "Billing"))
        brand, other = make(), make(slug="giraffe")
        brands.give_to_teams(brand, Team.objects.filter(pk__in=[sales.pk, care.pk]), by=API)
        brands.give_to_teams(other, Team.objects.filter(pk=billing.pk), by=API)
        brands.give_to_teams(brand, Team.objects.filter(pk__in=[care.pk, billing.pk]), by=API)
        users = dict(Team.objects.values_list("name", "brand__slug"))
        assert users == {"Sales": None, "Care": "zebra", "Billing": "zebra"}
        assert audited()[-1][2]["teams"] == ["Billing", "Care"]

    def test_an_archived_brand_is_no_teams(self) -> None:
        team, brand = agents.find_or_create_team("Care"), make()
        brands.give_to_teams(brand, Team.objects.all(), by=API)
        team.refresh_from_db()
        assert brands.of_team(team) == brand
        brands.archive(brand, by=API)
        team.refresh_from_db()
        assert brands.of_team(team) is None
        assert brands.of_team(None) is None


def test_slugs_are_what_others_say() -> None:
    assert (brands.slug_of(None), brands.slug_of(make())) == ("default", "zebra")
    assert [brands.exists(slug) for slug in ("default", "zebra", "giraffe")] == [True, True, False]
    assert brands.find("zebra")
    assert brands.find("default") is None


def test_a_candidate_takes_what_is_valid_and_is_not_saved() -> None:
    brand = brands.candidate(make(), {"name": "Zebra Care", "color": "red", "sender": "nobody"})
    assert (brand.name, brand.color, brand.sender) == ("Zebra Care", "#2f5fd0", "")
    assert Brand.objects.get().name == "Zebra"
    assert brands.candidate(None, {"name": "New"}).value.name == "New"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (" care@zebra.example ", "care@zebra.example"),
        ("Zebra <care@zebra.example>", "Zebra <care@zebra.example>"),
        ("Zébra <care@zébra.example>", "Zébra <care@zébra.example>"),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(given: str, kept: str) -> None:
    assert brands.sender(given) == kept
