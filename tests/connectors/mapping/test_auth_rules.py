"""How the generic connector checks who sends: HMAC of any form, token, Basic, Standard Webhooks."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from csat.connectors.errors import BadSignature
from csat.connectors.mapping.auth_rules import AuthRule
from csat.lib.refusal import Problems

SECRET, RAW, TS = "test-secret", b'{"a":1}', "1764345600"
AT = datetime.fromtimestamp(int(TS), UTC)


def signature(signed: bytes, algorithm: str = "sha256", encoding: str = "hex", secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), signed, getattr(hashlib, algorithm)).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def verifies(rule: AuthRule, headers: dict[str, str], raw: bytes = RAW, secrets: Any = (SECRET,)) -> bool:
    try:
        rule.verify(secrets, headers, raw)
    except BadSignature:
        return False
    return True


# the vectors of connectors.md, section 2, by the settings that stand for each system there
VECTORS = [
    (
        AuthRule("hmac", "X-Hub-Signature", "sha1", prefix="sha1="),
        "sha1=d9a014d66df1a07cce236dab2de28e4880a5edca",
    ),
    (
        AuthRule("hmac", "X-Hub-Signature", prefix="sha256="),
        "sha256=179bf20a8b9040a32368814a68b0dc270823b5968498e0a73796c4202708ed8d",
    ),
    (AuthRule("hmac", "X-HelpScout-Signature", "sha1", "base64"), "2aAU1m3xoHzOI22rLeKOSICl7co="),
    (
        AuthRule(
            "hmac",
            "X-Chatwoot-Signature",
            prefix="sha256=",
            signed="{timestamp}.{body}",
            timestamp_header="X-Ts",
        ),
        "sha256=3e4978c2085bd0b52febb7f4c542559e736fde4cc0de455bbfb4f0ab29b2f4b7",
    ),
]


@pytest.mark.parametrize(("rule", "given"), VECTORS)
@time_machine.travel(AT, tick=False)
def test_the_vectors_verify_and_nothing_that_differs_does(rule, given):
    name = rule.header.lower()
    headers = {name: given, "x-ts": TS}
    assert verifies(rule, headers)
    assert verifies(rule, headers, secrets=("new-secret", SECRET))  # during a rotation
    assert not verifies(rule, headers, secrets=("other",))
    assert not verifies(rule, {"x-ts": TS})
    for wrong in (
        "",
        given[:-4],
        given + "00",
        "sha512=" + given,
        "ü",
        "\udcff",
        given.upper() + "=",
        "nonsense",
    ):
        assert not verifies(rule, headers | {name: wrong})
    for body in (b"", b'{"a": 1}', b'{"a":2}', '{"a":"ü"}'.encode()):
        assert not verifies(rule, headers, body)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize(
    "signed", ["{body}", "{timestamp}.{body}", "{timestamp}:{body}", "{timestamp}{body}"]
)
@time_machine.travel(AT, tick=False)
def test_every_form_of_hmac_verifies(algorithm, encoding, signed):
    rule = AuthRule("hmac", "X-Sig", algorithm, encoding, signed=signed, timestamp_header="X-Time")
    raw = '{"text":"{timestamp} {body} \\/ ü"}'.encode()
    content = signed.encode().replace(b"{timestamp}", TS.encode()).replace(b"{body}", raw, 1)
    headers = {"x-sig": signature(content, algorithm, encoding), "x-time": TS}
    assert verifies(rule, headers, raw)
    assert not verifies(rule, headers, raw + b" ")


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)]
)
def test_a_signed_time_counts_for_five_minutes(seconds, good):
    rule = AuthRule("hmac", "X-Sig", signed="{timestamp}.{body}", timestamp_header="X-Time")
    headers = {"x-sig": signature(TS.encode() + b"." + RAW), "x-time": TS}
    with time_machine.travel(AT.timestamp() + seconds, tick=False):
        assert verifies(rule, headers) is good


@pytest.mark.parametrize("timestamp", ["", "yesterday", "1e9", "١٧٦٤٣٤٥٦٠٠"])
@time_machine.travel(AT, tick=False)
def test_a_time_that_is_none_is_refused_even_when_it_is_signed(timestamp):
    rule = AuthRule("hmac", "X-Sig", signed="{timestamp}.{body}", timestamp_header="X-Time")
    assert not verifies(rule, {"x-sig": signature(timestamp.encode() + b"." + RAW), "x-time": timestamp})


@pytest.mark.parametrize(("unit", "given"), [("s", TS), ("ms", f"{TS}000"), ("iso", "2025-11-28T16:00:00Z")])
@time_machine.travel(AT, tick=False)
def test_times_are_read_in_the_unit_that_was_chosen(unit, given):
    rule = AuthRule("hmac", "X-Sig", signed="{timestamp}.{body}", timestamp_header="X-Time", unit=unit)
    assert verifies(rule, {"x-sig": signature(given.encode() + b"." + RAW), "x-time": given})


def test_a_token_stands_in_a_header_behind_its_prefix():
    rule = AuthRule(header="Authorization", prefix="Bearer ")
    assert verifies(rule, {"authorization": f"Bearer {SECRET}"})
    assert verifies(rule, {"authorization": f"bearer {SECRET}"})
    for wrong in (SECRET, "Bearer", "Bearer other", "", f"Basic {SECRET}", "Bearer ü", "Bearer \udcff"):
        assert not verifies(rule, {"authorization": wrong})
    assert not verifies(rule, {})


def test_basic_is_the_login_and_the_password():
    def header(text: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    assert verifies(AuthRule("basic", user="ana"), header(f"ana:{SECRET}"))
    assert verifies(AuthRule("basic"), header("ana:pass:word"), secrets=("ana:pass:word",))
    assert not verifies(AuthRule("basic", user="ana"), header(f"eve:{SECRET}"))
    assert not verifies(AuthRule("basic", user="ana"), header("ana:"))
    for wrong in ("", "Basic", "Basic ?", "Basic ü", "Basic //8=", f"Bearer {SECRET}"):
        assert not verifies(AuthRule("basic", user="ana"), {"authorization": wrong})


def test_standard_webhooks_are_checked_by_their_own_library():
    key = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": "v1,AAAA " + Webhook(key).sign("msg_1", now, RAW.decode()),
    }
    rule = AuthRule("standard_webhooks")
    assert verifies(rule, headers, secrets=(key,))
    assert verifies(rule, headers, secrets=("whsec_b3RoZXI=", key))
    assert not verifies(rule, headers, b'{"a": 1}', secrets=(key,))
    assert not verifies(rule, headers, secrets=("whsec_b3RoZXI=",))
    assert not verifies(rule, headers, secrets=("no base64 ü",))
    assert not verifies(rule, headers, b"\xff", secrets=(key,))
    for name in headers:
        assert not verifies(rule, {**headers, name: ""}, secrets=(key,))
        assert not verifies(rule, {**headers, name: "ü,\udcff v1"}, secrets=(key,))


def test_without_a_secret_the_address_alone_is_the_proof():
    for kind in ("hmac", "token", "basic", "standard_webhooks", "none"):
        assert verifies(AuthRule(kind), {}, secrets=())
        assert verifies(AuthRule(kind), {}, secrets=("",))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "auth"),
        ({"kind": 5}, "auth"),
        ({"kind": "magic"}, "auth.kind"),
        ({"algorithm": "md5"}, "auth.algorithm"),
        ({"encoding": "rot13"}, "auth.encoding"),
        ({"signed": "{body}{body}"}, "auth.signed"),
        ({"unit": "h"}, "auth.unit"),
        ({"header": "X Y"}, "auth.header"),
        ({"kind": "hmac", "header": ""}, "auth.header"),
        ({"signed": "{timestamp}.{body}"}, "auth.timestamp_header"),
        ({"pepper": "x"}, "auth.pepper"),
    ],
)
def test_what_is_wrong_with_it_is_named(given, field):
    problems = Problems()
    AuthRule.parse(given, problems)
    assert list(problems.fields) == [field]


def test_a_good_one_is_taken_as_it_is():
    problems = Problems()
    rule = AuthRule.parse({"kind": "hmac", "header": "X-Signature-256", "prefix": "sha256="}, problems)
    assert (rule, problems.fields) == (AuthRule("hmac", "X-Signature-256", prefix="sha256="), {})
