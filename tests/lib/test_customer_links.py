"""Where customers' links lead."""

from typing import Any

from csat.lib import customer_links


def test_they_lead_to_the_site(settings: Any) -> None:
    settings.SITE_URL, settings.LINK_BASE = "https://csat.acme.example", ""
    assert customer_links.url("/r/x") == "https://csat.acme.example/r/x"
    assert customer_links.bases() == ["https://csat.acme.example"]


def test_they_lead_to_the_short_domain_where_there_is_one(settings: Any) -> None:
    settings.SITE_URL, settings.LINK_BASE = "https://csat.acme.example", "https://acme.link"
    assert customer_links.url("/r/x") == "https://acme.link/r/x"
    assert customer_links.bases() == ["https://csat.acme.example", "https://acme.link"]
