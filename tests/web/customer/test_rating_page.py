"""How the rating page is made: its weight, its languages, its brand, its parts for a screen reader."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile

from csat.lib import images
from csat.surveys.models import CsatSettings
from csat.web import branding, errors
from tests.web.pages import rate

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _name in settings.LANGUAGES]
ASSET = re.compile(r'(?:src|href)="(/[^"]+\.(?:css|js)|/media/[^"]+)"')


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def weight(client, html):
    total = len(html.encode())
    for url in ASSET.findall(html):
        found = finders.find(url.removeprefix("/static/")) if url.startswith("/static/") else None
        total += Path(found).stat().st_size if found else len(client.get(url).content)
    return total


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_with_its_assets_weighs_less_than_50_kb(customer, address, language):
    CsatSettings.objects.update(ask_about=True)
    html = customer.get(f"{address}?lang={language}").content.decode()
    assert len(ASSET.findall(html)) == 4
    assert 5_000 < weight(customer, html) < 50_000


def test_nothing_comes_from_a_third_party(customer, address):
    html = customer.get(address).content.decode()
    assert set(re.findall(r'(?:src|href|action)="(?:https?:)?//([^/"]+)', html)) <= {
        settings.SITE_URL.split("//")[1]
    }
    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?! src=)", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_the_customers_language(customer, address, survey, language):
    survey.change(language=language)
    response = customer.get(address)
    html = response.content.decode()
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    assert response["Content-Language"] == language
    rate(customer, address, 1)
    words = [
        *re.findall(r"<h1[^>]*>(.*?)</h1>", html),
        *re.findall(r"<h1[^>]*>(.*?)</h1>", customer.get(address).content.decode()),
    ]
    assert ("How was" in words[0], "What went" in words[1]) == (language == "en", language == "en")


def test_the_scale_runs_from_1_to_5_in_every_direction(customer, address):
    html = customer.get(f"{address}?lang=ar").content.decode()
    assert re.findall(r'name="score" value="(\d)"', html) == list("12345")
    assert '<fieldset class="faces" dir="ltr" role="radiogroup"' in html


def test_every_face_has_a_spoken_label(customer, address):
    html = customer.get(address).content.decode()
    assert re.findall(r'name="score".*?aria-label="(.*?)"', html, re.S) == [
        "Terrible, 1 of 5", "Poor, 2 of 5", "Okay, 3 of 5", "Good, 4 of 5", "Excellent, 5 of 5",
    ]  # fmt: skip


def test_the_language_chosen_here_stays_through_the_answer(customer, address):
    response = rate(customer, f"{address}?lang=de", 4)
    assert response["Location"] == f"{address}?lang=de"
    assert "Vielen Dank!" in customer.get(response["Location"]).content.decode()


def test_the_switch_offers_the_languages_that_are_allowed(customer, address):
    assert customer.get(address).content.decode().count("hreflang=") == len(LANGUAGES)
    CsatSettings.objects.update(languages=["en", "de"])
    html = customer.get(f"{address}?score=4").content.decode()
    assert re.findall(r'href="(\?lang=[^"]*)"', html) == ["?lang=en&amp;score=4", "?lang=de&amp;score=4"]
    CsatSettings.objects.update(languages=["en"])
    html = customer.get(f"{address}?lang=de").content.decode()
    assert "hreflang=" not in html
    assert '<html lang="en"' in html


def test_staff_pages_are_not_half_translated(agent):
    response = agent.get("/inbox/", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in response.content.decode()
    assert response["Content-Language"] == "en"


@pytest.mark.parametrize("path", ["/no/such/page", "/r/unknown", "/u/unknown"])
def test_a_page_that_is_not_there_speaks_the_browsers_language(customer, path):
    response = customer.get(path, headers={"Accept-Language": "pt-PT,pt;q=0.9"})
    assert response.status_code == 404
    assert '<html lang="pt-br"' in response.content.decode()
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_a_broken_page_needs_no_database(rf, django_db_blocker):
    with django_db_blocker.block():
        response = errors.broken(rf.get("/"))
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()


class TestBrand:
    def test_the_colour_is_a_file_kept_for_ever(self, customer, address):
        CsatSettings.objects.update(brand_color="#ffe600", brand_name="Acme Support")
        url = branding.css_url("#ffe600")
        html = customer.get(address).content.decode()
        assert f'href="{url}"' in html
        assert "Acme Support" in html
        response = customer.get(url)
        assert response["Content-Type"] == "text/css; charset=utf-8"
        assert "immutable" in response["Cache-Control"]
        assert "--brand:#ffe600" in response.content.decode()
        assert "--brand-on-light:#ffe600" not in response.content.decode()

    def test_an_old_address_gives_the_colour_of_today(self, customer):
        response = customer.get("/brand-000000000000.css")
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-cache"

    def test_the_logo_is_served_and_no_other_file(self, customer, address, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        rules = CsatSettings.current()
        rules.brand_logo.save("logo.png", ContentFile(PNG))
        rules.brand_logo.storage.save("brand/other.png", ContentFile(PNG))
        assert f'src="{rules.brand_logo.url}"' in customer.get(address).content.decode()
        response = customer.get(rules.brand_logo.url)
        assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/png", "nosniff")
        assert b"".join(response.streaming_content) == PNG
        assert customer.get("/media/brand/other.png").status_code == 404

    def test_the_page_stays_light_with_the_largest_logo(self, customer, address):
        assert weight(customer, customer.get(address).content.decode()) + images.LARGEST < 50_000

    def test_a_logo_that_is_no_picture_is_not_served(self, customer, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        rules = CsatSettings.current()
        rules.brand_logo.save("page.html", ContentFile(b"<script>"))
        assert customer.get(rules.brand_logo.url).status_code == 404
