"""Reading our own pages the way a browser without JavaScript does."""

from html.parser import HTMLParser

from django.test import Client


class Form(HTMLParser):
    """The first form of a page: its action and what it would send as it stands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.fields, self._area, self._done = "", {}, "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if self._done:
            return
        if tag == "form":
            self.action = told["action"]
        if tag == "textarea":
            self._area = told["name"]
            self.fields[self._area] = ""
        if tag == "input" and told.get("name") and (told.get("type") != "radio" or "checked" in told):
            self.fields[told["name"]] = told.get("value", "")

    def handle_data(self, data):
        if self._area:
            self.fields[self._area] += data.removeprefix("\n")

    def handle_endtag(self, tag):
        self._area = "" if tag == "textarea" else self._area
        self._done = self._done or tag == "form"


def form(response):
    return Form(response.content.decode())


def submit(client: Client, address: str, *, view=None, **said):
    """Open the page, fill in its form and send it; `gesture="1"` is what rating.js adds for a person."""
    opened = form(view or client.get(address))
    assert opened.action, "there is no form on this page"
    return client.post(opened.action, opened.fields | said)


def rate(client: Client, address: str, score: int, **said):
    return submit(client, address, score=score, gesture="1", **said)
