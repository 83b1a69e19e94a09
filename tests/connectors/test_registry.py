"""What every help desk in the registry keeps to, the thirteenth included."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from django.utils import timezone

from csat.channels.kinds import Channel
from csat.connectors import registry
from csat.connectors.base import Rating, System
from csat.connectors.changes import Change
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.rules import WRITES
from csat.lib.outcomes import Never
from tests.connectors.fakes import PAYLOADS, FakeApi, Settings
from tests.workers import ROOT

KINDS = [
    "chatwoot", "zammad", "freescout", "zendesk", "intercom", "freshdesk", "hubspot", "helpscout", "front",
    "gorgias", "twilio_flex", "jsm", "salesforce", "generic",
]  # fmt: skip
WORDS = ("front", "generic", "intercom", "zendesk", "twilio_flex")  # of ours, too
EXAMPLES = ("api/openapi/examples.py", "api/views/connections.py", "surveys/models.py")
SYSTEMS = {system.kind: system for system in registry.all()}
ODD = [
    b"", b"null", b"[]", b"{}", b"[{}]", b'"text"', b"17", b"not json", b"\xff\xfe", b"a=1&b=2", b'{"id":{}}',
]  # fmt: skip


def test_all_fourteen_kinds_of_the_contract_are_there_in_the_order_of_the_gallery():
    assert list(SYSTEMS) == KINDS
    assert [kind for kind, _label in registry.choices()] == KINDS
    assert registry.find("none") is None


def test_one_file_and_one_line_are_all_that_knows_a_system():
    """No other module of the application speaks of one by its slug."""
    names = [kind for kind in KINDS if kind not in WORDS]
    for path in (ROOT / "csat").rglob("*.py"):
        inside = path.relative_to(ROOT / "csat").as_posix()
        if inside.startswith(("connectors/systems/", "imports/", "migrations/")):
            continue
        if inside == "connectors/registry.py" or inside in EXAMPLES:
            continue
        text = path.read_text(encoding="utf-8")
        assert [name for name in names if f'"{name}"' in text] == [], inside


@pytest.fixture(params=KINDS)
def system(request) -> System:
    return SYSTEMS[request.param]


class TestEverySystem:
    def test_says_what_a_person_must_do_in_five_steps(self, system):
        assert system.label
        assert len(system.steps) == 5
        assert any(step.copy == "url" for step in system.steps)
        assert {step.copy for step in system.steps} <= {"", "url", "header", "template"}

    def test_names_what_it_needs(self, system):
        assert system.needs_address or system.default_address or not system.api_token
        assert set(system.writes) <= set(WRITES)
        assert not system.writes or system.can("write_back")
        assert system.can_send == system.can("send")
        assert all(name == name.lower() for name in system.headers_kept)

    def test_a_system_with_an_api_signs_its_calls_in(self, system):
        if any(system.can(verb) for verb in ("look_up", "poll", "latest", "write_back")):
            headers = system.auth(Settings(token_user="user@acme.example"))
            assert headers or system.kind in ("generic", "helpscout")

    @pytest.mark.parametrize("raw", ODD)
    def test_reads_any_body_without_an_error_but_that_it_cannot(self, system, raw):
        """Trap 13."""
        config = Settings()
        try:
            body = system.parse({}, raw)
        except CannotRead:
            return
        json.dumps(system.redact(body))
        assert isinstance(system.event_name({}, body), str)
        assert isinstance(system.duplicate_key({}, body, raw), str)
        for fetch in (None, FakeApi()):
            with suppress(CannotRead, Never):
                changes = system.read(config, {}, body, fetch)
                assert all(isinstance(change, Change) for change in changes)

    @pytest.mark.parametrize("name", ["", "x-hub-signature", "authorization", "x-signature"])
    def test_what_is_not_signed_is_refused(self, system, name):
        headers = {name: "nonsense ✓"} if name else {}
        with pytest.raises(BadSignature) as refused:
            system.verify(Settings(inbound_secrets=("hush-hush",)), headers, b"{}", "https://us.example/x")
        assert "hush" not in str(refused.value)

    def test_without_a_secret_the_address_alone_is_the_proof(self, system):
        system.verify(Settings(inbound_secrets=()), {}, b"{}", "https://us.example/x")

    def test_maps_to_channels_that_there_are(self, system):
        for path in PAYLOADS.glob(f"{system.kind.split('_')[0]}-*.json"):
            raw = path.read_bytes()
            for change in _changes(system, raw):
                assert change.channel in ("", *Channel.values), path.name
                assert change.external_id or change.not_used, path.name
                assert change.at.tzinfo, path.name


def _changes(system: System, raw: bytes) -> list[Change]:
    try:
        return system.read(Settings(), {}, json.loads(raw), None)
    except (CannotRead, Never):
        return []


def test_a_note_says_the_score_in_its_first_line():
    values = {"external_id": "42", "at": timezone.now(), "url": "https://us.example/inbox/1/"}
    rating = Rating(score=4, label="Good", comment="quick and friendly", **values)
    assert rating.line.splitlines() == ['CSAT 4/5 Good - "quick and friendly"', values["url"]]
    assert Rating(score=2, label="Poor", comment="", **values).line.splitlines()[0] == "CSAT 2/5 Poor"
    assert set(Rating(score=2, label="", comment="", withdrawn=True, **values).values.values()) == {None}


def test_tags_of_others_stay_and_ours_is_the_one_that_fits_the_score():
    rating = Rating("42", 4, "Good", "", timezone.now(), "https://us.example/inbox/1/")
    assert rating.retagged(["vip", "csat_bad", "billing"]) == ["vip", "billing", "csat_good"]
    assert replace(rating, score=2).retagged(["csat_good", "vip"]) == ["vip", "csat_bad"]
    assert rating.retagged(["csat_good"]) == ["csat_good"]
    assert replace(rating, withdrawn=True).retagged(["vip", "csat_bad", "csat_good"]) == ["vip"]
