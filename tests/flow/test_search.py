"""Whatever is searched, wherever it is typed: one comparison."""

import pytest
from django.test import Client

from csat.surveys.answers import answering
from tests.api.conftest import machine
from tests.factories import make_agent, make_contact, make_sent_survey

pytestmark = pytest.mark.django_db
NAME, SUBJECT, COMMENT = "Ömer Çelik", "Öffnungszeiten Straße", "Анна: 客服很好"
PAGES = {
    "/contacts/?q=": NAME,
    "/inbox/?q=": NAME,
    "/reports/?show=comments&search=": COMMENT,
    "/admin/csat/contact/?q=": NAME,
    "/admin/csat/session/?q=": NAME,
    "/admin/csat/score/?q=": COMMENT,
    "/admin/csat/agent/?q=": "Şule Øvergård",
    "/api/v1/csat/scores?search=": COMMENT,
}
TYPED = {
    NAME: ["ömer", "ÇELİK", "celik"],
    COMMENT: ["анна", "АННА", "很好"],
    "Şule Øvergård": ["sule", "ØVER"],
}


@pytest.fixture
def _someone() -> None:
    make_agent("Şule Øvergård", email="agent@acme.example")
    survey = make_sent_survey(contact=make_contact(name=NAME, email="o@acme.example"), subject=SUBJECT)
    answering.answer(survey, score=2, comment=COMMENT, source="page")


@pytest.mark.usefixtures("_someone")
@pytest.mark.parametrize(
    ("page", "typed"),
    [(page, typed) for page, text in PAGES.items() for typed in TYPED[text]]
    + [("/inbox/?q=", "öffnungs"), ("/inbox/?q=", "STRASSE"), ("/admin/csat/session/?q=", "offnungs")],
)
def test_every_search_box_finds_it_without_its_capitals_and_accents(
    admin: Client, page: str, typed: str
) -> None:
    """inventree/InvenTree#1585, sissbruecker/linkding#181, block/buzz#7025."""
    assert finds(admin, page + typed)
    assert not finds(admin, f"{page}{typed}zzz")


def finds(admin: Client, address: str) -> bool:
    if address.startswith("/api/v1"):
        path, _mark, typed = address.removeprefix("/api/v1").partition("?search=")
        return bool(machine().get(path, search=typed).json()["items"])
    page = admin.get(address, headers={"HX-Request": "" if "/admin/" in address else "true"})
    assert page.status_code == 200
    shown = page.content.decode()
    return "Çelik" in shown or "客服" in shown or "agent@acme.example" in shown
