"""The API's documentation, browsed without a network and under the content security policy."""

from typing import Any

from playwright.sync_api import expect


def test_the_docs_list_every_resource_and_open_one(visit: Any, shoot: Any) -> None:
    page = visit("/api/v1/docs/", viewport={"width": 1280, "height": 900})
    expect(page.locator(".info .title")).to_contain_text("CSAT API")
    expect(page.locator(".opblock-tag-section")).not_to_have_count(0)
    shoot(page, "api-docs-closed")
    page.locator(".opblock-tag", has_text="contacts").first.click()
    page.locator(".opblock-post .opblock-summary").first.click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    operation = page.locator(".opblock-post").first
    expect(operation.locator(".opblock-section-request-body")).to_contain_text("ana@acme.example")
    expect(operation.locator('tr[data-code="201"]')).to_contain_text("crm-17")
    expect(operation.locator('tr[data-code="422"]')).to_contain_text("This is not an email address.")
    shoot(page, "api-docs")
