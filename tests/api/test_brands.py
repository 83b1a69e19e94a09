"""/brands, and the brand of a session."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from csat.people import brands
from csat.people.models import Brand
from csat.timeline.models import Event
from tests.api.conftest import Machine, machine
from tests.factories import API, make_sent_survey
from tests.pictures import png

ZEBRA = {"slug": "zebra", "name": "Zebra", "color": "#AA3300", "opening_line": {"default": "Hi"}}


class TestOneByOne:
    def test_from_the_first_to_the_last(self, api: Machine) -> None:
        created = api.post("/brands", ZEBRA | {"sender": "Zebra <care@zebra.example>", "reply_to": None})
        assert created.status_code == 201
        body = created.json()
        expected = ("zebra", "#aa3300", "Zebra <care@zebra.example>", None, None)
        assert tuple(body[name] for name in ("slug", "color", "sender", "reply_to", "logo")) == expected
        assert body["opening_line"] == {"default": "Hi"}
        changed = api.patch("/brands/zebra", {"name": "Zebra Care", "opening_line": {"de": "Hallo"}})
        assert changed.json()["opening_line"] == {"default": "Hi", "de": "Hallo"}
        assert api.get(f"/brands/{body['id']}").json() == changed.json()
        assert api.delete("/brands/zebra").status_code == 204
        assert api.get("/brands/zebra").json()["archived"] is True
        assert api.patch("/brands/zebra", {"archived": False}).json()["archived"] is False
        told = Event.objects.filter(kind="audit", data__what__startswith="brand.").order_by("id")
        assert [event.data["what"] for event in told] == [
            "brand.added", "brand.changed", "brand.archived", "brand.restored",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, {"slug", "name"}),
            (ZEBRA | {"color": "red", "sender": "nobody"}, {"color", "sender"}),
            (ZEBRA | {"slug": "default"}, {"slug"}),
            (ZEBRA | {"opening_line": {"xx": "Hi"}}, {"opening_line"}),
            (ZEBRA | {"logo": "https://elsewhere.example/logo.png"}, {"logo"}),
        ],
    )
    def test_what_is_wrong_is_named(self, api: Machine, body: Any, fields: set[str]) -> None:
        refused = api.post("/brands", body)
        assert (refused.status_code, refused.json()["fields"].keys()) == (422, fields)
        assert not Brand.objects.exists()

    def test_null_takes_the_logo_away(self, api: Machine, settings: Any, tmp_path: Any) -> None:
        settings.MEDIA_ROOT = tmp_path
        logo = ContentFile(png(2, 2), name="a.png")
        brand = brands.create(by=API, slug="zebra", name="Zebra", logo=logo)
        shown = api.get("/brands/zebra").json()["logo"]
        assert shown == brand.value.logo_url != ""
        assert api.patch("/brands/zebra", {"logo": shown}).json()["logo"] == shown
        assert api.patch("/brands/zebra", {"logo": None}).json()["logo"] is None

    @pytest.mark.parametrize("path", ["/brands/giraffe", "/brands/00000000-0000-4000-8000-000000000000"])
    def test_an_unknown_one_is_not_found(self, api: Machine, path: str) -> None:
        assert [api.get(path).status_code, api.patch(path, {}).status_code, api.delete(path).status_code] == [
            404, 404, 404,
        ]  # fmt: skip


class TestTheDefaultOne:
    def test_its_fields_are_settings(self, api: Machine) -> None:
        changed = api.patch("/brands/default", {"name": "Walrus", "opening_line": {"default": "Hello"}})
        assert (changed.json()["id"], changed.json()["name"]) == (None, "Walrus")
        shown = api.get("/csat/settings").json()
        assert (shown["brand_name"], shown["custom_message"]["default"]) == ("Walrus", "Hello")

    def test_it_keeps_its_sender_and_is_never_archived(self, api: Machine) -> None:
        assert api.patch("/brands/default", {"sender": "a@b.example"}).json()["fields"].keys() == {"sender"}
        assert api.delete("/brands/default").status_code == 422
        assert api.patch("/brands/default", {"archived": False}).status_code == 200


class TestTheList:
    def test_the_default_one_comes_first_page_by_page(self, api: Machine) -> None:
        for slug in ("zebra", "aardvark", "giraffe"):
            api.post("/brands", {"slug": slug, "name": slug.title()})
        wanted = ["default", "aardvark", "giraffe", "zebra"]
        for limit in (1, 2, 3, 200):
            assert [item["slug"] for item in api.all("/brands", limit=limit)] == wanted
        assert api.get("/brands", cursor="nothing").status_code == 422

    def test_keys_without_the_scope_see_none(self, db: None) -> None:
        assert machine("contacts:read").get("/brands").status_code == 403
        reader = machine("csat:read")
        assert reader.get("/brands").status_code == 200
        assert reader.post("/brands", ZEBRA).status_code == 403


class TestOfASession:
    @pytest.fixture(autouse=True)
    def _brand(self, db: None) -> None:
        brands.create(by=API, slug="zebra", name="Zebra")

    def test_it_is_taken_and_shown(self, api: Machine) -> None:
        assert api.post("/chat/sessions", {}).json()["brand"] == "default"
        session = api.post("/chat/sessions", {"brand": "zebra"}).json()
        assert session["brand"] == "zebra"
        path = f"/chat/sessions/{session['id']}"
        assert api.patch(path, {"brand": "default"}).json()["brand"] == "default"
        assert api.patch(path, {"brand": "zebra"}).json()["brand"] == "zebra"
        assert api.patch(path, {"brand": None}).json()["brand"] == "default"

    def test_an_unknown_one_and_an_archived_one_are_refused_by_name(self, api: Machine) -> None:
        api.delete("/brands/zebra")
        for slug in ("giraffe", "zebra"):
            refused = api.post("/chat/sessions", {"brand": slug})
            assert (refused.status_code, list(refused.json()["fields"])) == (422, ["brand"])

    def test_a_known_session_answers_whatever_became_of_its_brand(self, api: Machine) -> None:
        body = {"external_id": "zd-1", "brand": "zebra"}
        first = api.post("/chat/sessions", body).json()
        api.delete("/brands/zebra")
        again = api.post("/chat/sessions", body)
        assert (again.status_code, again.json()["id"], again.json()["brand"]) == (200, first["id"], "zebra")

    def test_once_the_customer_was_asked_it_stays(self, api: Machine) -> None:
        session = make_sent_survey().session
        refused = api.patch(f"/chat/sessions/{session.uuid}", {"brand": "zebra"})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["brand"])

    def test_a_report_counts_by_it(self, api: Machine) -> None:
        make_sent_survey()
        make_sent_survey(**brands.named("zebra"))
        make_sent_survey(**brands.named("zebra"))
        groups = api.get("/csat/report", group_by="brand").json()["groups"]
        assert {group["key"]: (group["label"], group["requested"]) for group in groups} == {
            "zebra": ("Zebra", 2), "default": ("Support", 1),
        }  # fmt: skip

        def requested(slugs: str) -> int:
            return int(api.get("/csat/report", brand=slugs).json()["total"]["requested"])

        assert [requested(slugs) for slugs in ("zebra", "default", "default,zebra")] == [2, 1, 3]
        assert api.get("/csat/report", brand="giraffe").json()["fields"].keys() == {"brand"}
