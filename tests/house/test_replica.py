"""Which pages and which answers of the API come from the read replica: all that show many rows. What is read
from the primary although it answers a GET stands here with its reason.
"""

from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from csat.api import urls as api
from csat.web import urls as web

PAGES = {
    "inbox", "contacts", "outbox", "reports", "report-sessions", "export", "workflow-runs", "settings-audit",
    "settings-webhook-calls", "settings-connection-events",
}  # fmt: skip
ON_THE_PRIMARY = {
    # one row, asked for by its id, often by whoever has just made it
    "OneContact", "OneSession", "OneRequest", "OneScore", "SessionScore", "OneWebhook", "OneConnection",
    "OneWorkflow", "OneImport", "OneBrand", "OneDigest", "OneShare", "OneNote",
    # configuration: a few rows
    "Settings", "Webhooks", "Connections", "Workflows", "Imports", "Brands", "Sending", "SavedViews",
    "Digests", "Shares", "Notes",
    # no rows at all
    "Schema", "Docs",
}  # fmt: skip


def test_every_page_of_many_rows_reads_the_replica() -> None:
    marked = {
        pattern.name
        for pattern in web.urlpatterns
        if isinstance(pattern, URLPattern) and getattr(pattern.callback, "reads_replica", False)
    }
    assert marked == PAGES
    assert all(get_resolver().reverse_dict.getlist(name) for name in PAGES)


def test_every_list_of_the_api_reads_the_replica() -> None:
    views = {view for module in api.MODULES for _route, view in module.routes if hasattr(view, "get")}
    marked = {view.__name__ for view in views if getattr(view.get, "reads_replica", False)}
    assert {view.__name__ for view in views} - marked == ON_THE_PRIMARY
