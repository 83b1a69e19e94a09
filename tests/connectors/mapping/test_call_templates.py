"""Calls written as templates: what goes out, and what may not be written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csat.connectors.mapping import call_templates
from csat.connectors.mapping.call_templates import Call, fill, filled
from csat.lib.outcomes import Never
from csat.lib.refusal import Problems
from tests.connectors.fakes import FakeApi

HOST = "https://desk.example.com"
GOOD: dict[str, Any] = {
    "method": "POST",
    "url": f"{HOST}/api/conversations/{{external_id}}/notes",
    "headers": {"Authorization": "Bearer {secret}"},
    "body": {
        "content": "CSAT {score}/5 {label}: {comment}",
        "score": "{score}",
        "deep": [{"id": "{external_id}"}],
    },
}
VALUES = {"external_id": "42", "score": 4, "label": "Good", "comment": 'say "hi", {score} \\ \n </script>'}


def problems_of(base_url: str = HOST, **changes: Any) -> dict[str, list[str]]:
    problems = Problems()
    call_templates.parse(GOOD | changes, base_url, "write_back", problems)
    return problems.fields


def parsed(**changes: Any) -> Call:
    call = call_templates.parse(GOOD | changes, HOST, "write_back", Problems())
    assert call
    return call


def test_a_good_template_is_taken():
    assert problems_of() == {}
    assert problems_of(url="/api/conversations/{external_id}?score={score}") == {}


def test_what_a_customer_wrote_ends_no_text_of_the_body_and_is_no_name():
    body = filled(GOOD["body"], VALUES)
    assert body == {"content": f"CSAT 4/5 Good: {VALUES['comment']}", "score": 4, "deep": [{"id": "42"}]}
    assert json.loads(json.dumps(body)) == body


@given(st.text(max_size=80))
def test_any_comment_arrives_as_it_was_written(comment):
    assert filled({"a": "<{comment}>"}, {"comment": comment, "score": 1}) == {"a": f"<{comment}>"}


def test_a_value_in_the_address_leads_nowhere_else():
    api = FakeApi({f"POST {HOST}/api/conversations/..%2F..%2Fusers%3Fx%3D1%23/notes": {"id": 7}})
    assert parsed().send(api, VALUES | {"external_id": "../../users?x=1#"}) == "7"


@pytest.mark.parametrize("external_id", ["..", "."])
def test_an_id_that_is_a_folder_above_is_not_called(external_id):
    api = FakeApi()
    with pytest.raises(Never):
        parsed().send(api, VALUES | {"external_id": external_id})
    assert api.calls == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_method_is_the_one_that_was_chosen(method):
    api = FakeApi({f"{method} /x/42": None})
    assert parsed(method=method, url="/x/{external_id}").send(api, VALUES) == ""
    assert api.calls[0][:2] == (method, "/x/42")


@pytest.mark.parametrize(
    ("answer", "note"),
    [({"id": 7}, "7"), ({"data": {"uuid": "a"}}, "a"), ({"data": {"id": 3}}, "3"), ([], ""), ("x", "")],
)
def test_the_id_of_a_note_is_read_where_most_tools_tell_it(answer, note):
    assert parsed(url="/x").send(FakeApi({"POST /x": answer}), VALUES) == note


@pytest.mark.parametrize(
    "url",
    [
        None, "", 5, "api/notes", "//evil.example.com/x", "https://evil.example.com/x", "http://desk.example.com/x",
        "https://desk.example.com:8443/x", "https://desk.example.com@evil.example.com/", "https://{external_id}/x",
        "https://desk.example.com.{label}/x", "https://desk.example.com\\@evil.example.com", "file:///etc/passwd",
        "/x/{secret}", "/x/{nobody}", "https://[::1/x",
    ],
)  # fmt: skip
def test_an_address_outside_of_the_connections_host_is_refused(url):
    assert "write_back.url" in problems_of(url=url)


@pytest.mark.parametrize(
    "headers",
    [[], {"X": 5}, {"X Y": "a"}, {"X": "a\nb: c"}, {"X": "{comment}"}, {"X:": "a"}, {"": "a"}, {"X": "a\r"}],
)
def test_a_header_is_a_name_and_one_line(headers):
    assert "write_back.headers" in problems_of(headers=headers)


@pytest.mark.parametrize(
    "body", [None, "text", 5, {"a": "{secret}"}, {"a": [{"b": "{x}"}]}, {"a": "x" * 70_000}]
)
def test_a_body_is_json_that_tells_no_secret(body):
    assert "write_back.body" in problems_of(body=body)


def test_a_body_that_is_nested_without_end_is_refused():
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    assert "write_back.body" in problems_of(body=deep)


def test_an_unknown_method_and_setting_are_named():
    assert set(problems_of(method="DELETE", retries=3)) == {"write_back.method", "write_back.retries"}
    problems = Problems()
    assert call_templates.parse("POST", HOST, "write_back", problems) is None
    assert "write_back" in problems.fields


def test_the_token_stands_in_the_headers():
    call = Call("POST", "/x", {"Authorization": "Token {secret}", "X-User": "{user}"})
    assert call.signed_in("s3", "ana") == {"Authorization": "Token s3", "X-User": "ana"}


def test_every_name_is_replaced_once():
    assert fill("{a}{b}{c}", {"a": "{b}", "b": "{a}"}) == "{b}{a}{c}"
