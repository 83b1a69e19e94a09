"""Calls to a help desk's API over a real socket: what goes out, what comes back, and trouble as outcomes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from csat.connectors.api_client import BODY_LIMIT, ApiClient
from csat.connectors.base import Config, System
from csat.connectors.changes import Change
from csat.connectors.payloads import Form
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from tests.connectors.fakes import Settings
from tests.standins.listening import Listener, listening
from tests.standins.server import Provider, Reply


class Desk(System):
    kind = "desk"
    label = "Desk"

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        pass

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Any) -> list[Change]:
        return []

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}"}


class Server(Provider):
    """Answers what the test says, or tells what it heard."""

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        return Reply(200, {"method": method, "path": path, "body": body.decode()})


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with Server() as server:
        settings.CONNECT_ALLOW = [urlsplit(server.base).netloc]
        yield server


@pytest.fixture
def api(server: Server) -> Iterator[ApiClient]:
    with ApiClient(Desk(), Settings(base_url=server.base, token="t0ken")) as client:
        yield client


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    with listening() as one:
        settings.CONNECT_ALLOW = [one.address]
        yield one


def test_a_call_goes_to_the_base_address_signed_in_and_asks_for_json(server, api):
    answer = api.get("/api/tickets", page=2, query="ü & =", none="")
    asked = urlsplit(answer["path"])
    assert (answer["method"], asked.path, answer["body"]) == ("GET", "/api/tickets", "")
    assert parse_qs(asked.query, keep_blank_values=True) == {"page": ["2"], "query": ["ü & ="], "none": [""]}
    headers = server.requests[0]["headers"]
    assert (headers["authorization"], headers["accept"]) == ("Bearer t0ken", "application/json")
    assert "content-type" not in headers


def test_a_parameter_may_have_brackets_as_rails_wants_them(server, api):
    api.get("/x", **{"condition[ticket.updated_at][value]": "2026-11-20T11:00:00Z"})
    query = urlsplit(server.requests[0]["path"]).query
    assert parse_qs(query) == {"condition[ticket.updated_at][value]": ["2026-11-20T11:00:00Z"]}


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_body_goes_out_as_json(server, api, method):
    answer = getattr(api, method)("/api/tickets/7", {"a": [1, None, "ü"]})
    assert answer["method"] == method.upper()
    assert json.loads(answer["body"]) == {"a": [1, None, "ü"]}
    assert server.requests[0]["headers"]["content-type"] == "application/json"


def test_a_deletion_has_no_body(server, api):
    answer = api.delete("/api/tickets/7?a=1")
    assert (answer["method"], answer["path"], answer["body"]) == ("DELETE", "/api/tickets/7?a=1", "")


def test_calls_share_a_connection(server, api):
    for _call in range(3):
        api.get("/")
    assert len({request["client"] for request in server.requests}) == 1


def test_without_an_address_of_its_own_a_connection_calls_the_default_one(server):
    desk = Desk()
    desk.default_address = server.base
    with ApiClient(desk, Settings(base_url="")) as api:
        assert api.get("/x")["path"] == "/x"


def test_a_link_of_theirs_is_followed_on_their_own_host_only(server, api):
    assert api.get(f"{server.base}/next?page=2")["path"] == "/next?page=2"
    for link in (
        "https://evil.example.com/next",
        "http://127.0.0.1:1/next",
        "https://",
        "http://127.0.0.1@evil/",
        ".evil.example.com/next",
        "@evil.example.com/next",
        "HTTPS://evil.example.com/next",
        server.base.replace("http:", "https:"),
    ):
        with pytest.raises(Never) as raised:
            api.get(link)
        assert raised.value.code == "other_host"
    assert len(server.requests) == 1


def test_an_empty_answer_is_none(listener):
    listener.answer = lambda heard: (204, {})
    with ApiClient(Desk(), Settings(base_url=f"http://{listener.address}")) as api:
        assert api.post("/x", {}) is None


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 10_000])
def test_an_answer_that_is_no_json_is_a_refusal(listener, body):
    listener.body = body
    listener.answer = lambda heard: (200, {"content-length": str(len(body))})
    api = ApiClient(Desk(), Settings(base_url=f"http://{listener.address}"))
    with api, pytest.raises(Never) as raised:
        api.post("/x", {})
    assert raised.value.code == "not_json"


def test_an_answer_without_end_is_not_read_to_its_end(server, api):
    server.behave(Reply(200, {"x": "x" * (BODY_LIMIT + 100_000)}))
    with pytest.raises(Never) as raised:
        api.get("/x")
    assert raised.value.code == "not_json"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
def test_a_refusal_will_never_be_accepted_and_says_its_status_and_words(server, api, status):
    server.behave(Reply(status, {"error": "no such ticket"}))
    with pytest.raises(Never, match="no such ticket") as raised:
        api.get("/x")
    assert (raised.value.code, raised.value.account) == (str(status), False)


def test_an_unknown_token_is_the_connections_own_trouble(server, api):
    server.behave(Reply(401, {"error": "invalid token"}))
    with pytest.raises(Never) as raised:
        api.post("/x", {})
    assert (raised.value.code, raised.value.account) == ("401", True)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_server_that_is_busy_or_away_is_asked_again_when_it_says_so(server, api, status, method):
    """Trap 18."""
    server.behave(Reply(status, {"error": "later"}, {"Retry-After": "7"}))
    with pytest.raises(Retry) as raised:
        api.get("/x") if method == "get" else api.post("/x", {})
    assert (raised.value.code, raised.value.after, raised.value.outage) == (str(status), 7, True)


def test_an_error_of_theirs_leaves_open_whether_it_was_written(server, api):
    server.behave(*[Reply(500, {"error": "oops"})] * 4)
    with pytest.raises(Retry):
        api.get("/x")
    for write in (api.post, api.put, api.patch):
        with pytest.raises(Unknown):
            write("/x", {})


def test_a_connection_that_is_cut_after_a_write_leaves_it_open(server, api):
    server.behave("cut")
    with pytest.raises(Unknown):
        api.post("/x", {"a": 1})
    assert len(server.requests) == 1


def test_a_server_that_is_down_got_nothing(settings):
    with listening() as gone:
        settings.CONNECT_ALLOW = [gone.address]
    api = ApiClient(Desk(), Settings(base_url=f"http://{gone.address}"))
    with api, pytest.raises(Retry) as raised:
        api.post("/x", {})
    assert raised.value.outage


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(server, api, status):
    server.behave(Reply(status, {}, {"Location": f"{server.base}/elsewhere"}))
    with pytest.raises(Never) as raised:
        api.get("/x")
    assert raised.value.code == str(status)
    assert len(server.requests) == 1


def test_an_address_inside_is_refused_and_says_how_to_allow_it(server, settings):
    """Trap 20."""
    settings.CONNECT_ALLOW = []
    address = urlsplit(server.base).netloc
    api = ApiClient(Desk(), Settings(base_url=server.base))
    with api, pytest.raises(Never, match=f"CONNECT_ALLOW={address}") as raised:
        api.get("/x")
    assert raised.value.code == "blocked_address"
    assert server.requests == []


def test_words_of_a_refusal_are_short(server, api):
    server.behave(Reply(422, {"error": "x" * 5000}))
    with pytest.raises(Never) as raised:
        api.get("/x")
    assert len(raised.value.text) < 400
    assert "t0ken" not in raised.value.text


@pytest.mark.parametrize("status", [401, 422, 429, 500])
def test_an_answer_that_quotes_our_token_does_not_make_it_known(server, status):
    server.behave(Reply(status, {"error": "no", "you sent": "Authorization: Bearer s3cret-t0ken"}))
    api = ApiClient(Desk(), Settings(base_url=server.base, token="s3cret-t0ken"))
    with api, pytest.raises(Outcome, match="you sent") as raised:
        api.post("/x", {})
    assert "s3cret-t0ken" not in raised.value.text


def test_a_form_goes_out_as_one(server, api):
    answer = api.post("/token", Form(grant_type="client_credentials", secret="ü&="))
    assert parse_qs(answer["body"]) == {"grant_type": ["client_credentials"], "secret": ["ü&="]}
    assert server.requests[0]["headers"]["content-type"] == "application/x-www-form-urlencoded"


class Hourly(Desk):
    """Its tokens end by themselves."""

    def sign_in(self, config: Config, api: Any) -> Mapping[str, str]:
        assert api.post("/token", Form(secret=config.token))["path"] == "/token"
        return {"Authorization": "Bearer for-an-hour"}


def test_a_system_whose_tokens_end_signs_in_once_before_the_first_call(server):
    with ApiClient(Hourly(), Settings(base_url=server.base, token="t0ken")) as client:
        client.get("/one")
        client.get("/two")
    assert [request["path"] for request in server.requests] == ["/token", "/one", "/two"]
    assert [request["headers"]["authorization"] for request in server.requests[1:]] == [
        "Bearer for-an-hour"
    ] * 2


def test_a_header_of_their_own_may_ask_to_wait(listener):
    listener.answer = lambda heard: (429, {"X-RateLimit-Retry-After": "20"})
    client = ApiClient(Desk(), Settings(base_url=f"http://{listener.address}"))
    with client, pytest.raises(Retry) as refused:
        client.post("/notes", {})
    assert refused.value.after == 20


def test_what_stands_there_can_be_deleted(server, api):
    assert api.delete("/api/tickets/7")["method"] == "DELETE"
