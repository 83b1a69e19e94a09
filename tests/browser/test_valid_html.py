"""Every page of the walk is valid HTML, by the Nu HTML checker of the W3C."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from tests.browser import walk
from tests.channels.asks import composed
from tests.workers import ROOT

pytestmark = pytest.mark.django_db
CHECKER = ROOT / "tests" / "node" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


def errors(folder: Path) -> list[str]:
    """One line for each error in the files of this folder. One run for all: Java takes seconds to start."""
    command = [
        "java",
        "-jar",
        str(CHECKER),
        "--format",
        "json",
        "--exit-zero-always",
        "--stdout",
        str(folder),
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    messages = [message for message in json.loads(output)["messages"] if message["type"] != "info"]
    return [
        f"{Path(message['url']).name}: {message['message']} {message.get('extract', '')!r}"
        for message in messages
    ]


def write(folder: Path, name: str, html: str) -> None:
    (folder / f"{re.sub('[^A-Za-z0-9]+', '-', name)[:90]}.html").write_text(html)


@pytest.mark.timeout(300)
def test_every_page_of_the_walk(tmp_path: Path, request: pytest.FixtureRequest, customer: Client) -> None:
    pages = walk.staff_pages(walk.rated_survey())
    pages["customer"] = ["/login/", "/nowhere/", *walk.customers_pages()]
    for persona, paths in pages.items():
        client: Client = request.getfixturevalue(persona)
        for path in paths:
            response = client.get(path)
            assert response.headers["Content-Type"].startswith("text/html"), path
            write(tmp_path, f"{persona} {path}", response.content.decode())
    rating = pages["customer"][2]
    for name, said in {"no-face": {}, "confirm": {"score": "4", "comment": "a\nb"}}.items():
        nonce = re.search('name="nonce" value="([^"]+)"', customer.get(rating).content.decode())
        assert nonce
        answer = customer.post(rating, {"nonce": nonce[1], **said})
        write(tmp_path, f"customer {name}", answer.content.decode())
    for kind in ("email", "web_voice"):
        write(tmp_path, f"mail {kind}", composed(kind, intro="One\nTwo").html)
    assert len(list(tmp_path.iterdir())) > 45
    assert errors(tmp_path) == []


def test_an_invalid_page_is_found(tmp_path: Path) -> None:
    page = "<!doctype html><html lang=en><title>Page</title><p data-hx-get=/x>{}</p></html>"
    write(tmp_path, "good", page.format("x"))
    write(tmp_path, "bad", page.format('<input type="radio" autocomplete="off">'))
    assert [line.split(":")[0] for line in errors(tmp_path)] == ["bad.html"]
