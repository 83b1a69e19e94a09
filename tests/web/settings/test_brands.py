"""Settings → Brands."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.connectors.models import Connection
from csat.people import agents, brands
from csat.people.models import Brand, Team
from tests.factories import API
from tests.pictures import png

pytestmark = pytest.mark.django_db
PAGE = "/settings/brands/"
ZEBRA = {"name": "Zebra Care", "slug": "zebra", "color": "#aa3300", "sender": "", "reply_to": ""}


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def zebra() -> Brand:
    return brands.create(by=API, slug="zebra", name="Zebra", opening_line={"de": "Hallo"})


def html(response: Any) -> str:
    return str(response.content.decode())


class TestTheList:
    def test_the_default_brand_stands_first(self, manager: Client, zebra: Brand) -> None:
        shown = html(manager.get(PAGE))
        assert shown.index("Support") < shown.index("Zebra")
        assert f'href="{PAGE}{zebra.uuid}/"' in shown
        assert 'href="/settings/csat/#brand-title"' in shown

    def test_it_says_who_uses_one(self, manager: Client, zebra: Brand) -> None:
        agents.find_or_create_team("Care")
        brands.give_to_teams(zebra, Team.objects.all(), by=API)
        Connection.objects.create(kind="freescout", name="Desk", rules={"brands": {"3": "zebra"}})
        shown = html(manager.get(PAGE))
        assert "Care" in shown
        assert "1 connection" in shown

    def test_it_asks_the_database_as_often_for_many(
        self, manager: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            brands.create(by=API, slug=f"brand-{number}", name=f"Brand {number}")
        with django_assert_max_num_queries(13):
            manager.get(PAGE)


class TestAdding:
    def test_a_brand_with_logo_lines_and_teams(self, manager: Client) -> None:
        care = agents.find_or_create_team("Care")
        assert care
        typed = ZEBRA | {"message_default": "How was {agent_name}?", "teams": [str(care.uuid)]}
        typed["logo"] = SimpleUploadedFile("logo.png", png(2, 2))
        answer = manager.post(f"{PAGE}new/", typed)
        brand = Brand.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{brand.uuid}/")
        assert (brand.name, brand.slug, brand.logo.name) == ("Zebra Care", "zebra", "brand/logo.png")
        assert brand.opening_line == {"default": "How was {agent_name}?"}
        assert Team.objects.get().brand == brand

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""), ("slug", ""), ("slug", "Ze bra"), ("slug", "default"), ("color", "red"),
            ("sender", "Zebra <nobody>"), ("reply_to", "nobody"), ("message_de", "x" * 1001),
            ("logo", SimpleUploadedFile("logo.png", b"<svg/>")),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
        self, manager: Client, field: str, value: Any
    ) -> None:
        answer = manager.post(f"{PAGE}new/", ZEBRA | {"message_fr": "Typed in French", field: value})
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {field}
        assert f'id="id_{field}_error"' in html(answer)
        assert "Typed in French" in html(answer)
        assert not Brand.objects.exists()


class TestChanging:
    def test_one_brand(self, manager: Client, zebra: Brand) -> None:
        typed = {**ZEBRA, "sender": "Zebra <care@zebra.example>", "message_de": "", "message_fr": "Salut"}
        assert manager.post(f"{PAGE}{zebra.uuid}/", typed | {"slug": "giraffe"}).status_code == 302
        brand = zebra.again()
        assert (brand.slug, brand.name, brand.sender) == ("zebra", "Zebra Care", "Zebra <care@zebra.example>")
        assert brand.opening_line == {"fr": "Salut"}

    def test_the_logo_is_kept_until_it_is_removed(self, manager: Client, zebra: Brand) -> None:
        manager.post(f"{PAGE}{zebra.uuid}/", ZEBRA | {"logo": SimpleUploadedFile("a.png", png(2, 2))})
        manager.post(f"{PAGE}{zebra.uuid}/", ZEBRA)
        assert zebra.again().logo.name == "brand/a.png" or zebra.again().logo.name == "brand/logo.png"
        assert zebra.again().value.logo_url.rpartition("/")[2] in html(manager.get(f"{PAGE}{zebra.uuid}/"))
        manager.post(f"{PAGE}{zebra.uuid}/", ZEBRA | {"no_logo": "on"})
        assert not zebra.again().logo

    def test_archiving_can_be_undone(self, manager: Client, zebra: Brand) -> None:
        assert manager.post(f"{PAGE}{zebra.uuid}/archive/").status_code == 302
        assert zebra.again().archived_at
        assert "Archived" in html(manager.get(PAGE))
        manager.post(f"{PAGE}{zebra.uuid}/restore/")
        assert zebra.again().archived_at is None
        assert manager.post(f"{PAGE}{zebra.uuid}/paint/").status_code == 404


class TestLookingAtIt:
    def test_what_is_typed_is_shown_and_not_saved(self, manager: Client, zebra: Brand) -> None:
        typed = ZEBRA | {"message_default": "Typed line", "preview_channel": "sms"}
        for address in (f"{PAGE}preview/", f"{PAGE}{zebra.uuid}/preview/"):
            shown = html(manager.post(address, typed, headers={"HX-Request": "true"}))
            assert "Typed line" in shown
            assert "Zebra Care" in shown
            whole = html(manager.post(address, typed))
            assert "Typed line" in whole
            assert '<form id="brand-form"' in whole
        assert zebra.again().name == "Zebra"

    def test_a_wrong_field_hides_no_other(self, manager: Client, zebra: Brand) -> None:
        typed = ZEBRA | {"color": "red", "message_default": "Typed line", "preview_channel": "whatsapp"}
        shown = manager.post(f"{PAGE}{zebra.uuid}/preview/", typed, headers={"HX-Request": "true"})
        assert "Typed line" in html(shown)

    def test_the_mail_alone_is_of_no_other_medium(self, manager: Client) -> None:
        assert manager.get(f"{PAGE}mail/email/", {"name": "Zebra", "color": "#aa3300"}).status_code == 200
        assert manager.get(f"{PAGE}mail/sms/").status_code == 404
        assert manager.get(f"{PAGE}mail/email/", {"brand": "nonsense"}).status_code == 404


class TestTestMessages:
    def test_one_goes_out_under_the_brand(self, manager: Client, zebra: Brand) -> None:
        to = {"test_channel": "sms", "test_to": "+493012345678"}
        answer = manager.post(f"{PAGE}{zebra.uuid}/test/", to, headers={"HX-Request": "true"})
        assert "Outbox" in html(answer)
        assert "Zebra" in SandboxMessage.objects.get().text

    def test_without_an_address_it_says_so(self, manager: Client, zebra: Brand) -> None:
        answer = manager.post(f"{PAGE}{zebra.uuid}/test/", {"test_channel": "email"}, follow=True)
        assert "Enter where to send the test." in html(answer)
        assert not SandboxMessage.objects.exists()
        assert manager.post(f"{PAGE}{zebra.uuid}/test/", {"test_channel": "pigeon"}).status_code == 404
