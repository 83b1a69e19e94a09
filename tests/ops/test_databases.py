"""How a database is spoken to follows from its address."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from csat.lib.types import JsonObject
from project import databases
from project.environment import Misunderstood

SERVER = "postgres://csat:hush@db/csat"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    def of(address: str) -> JsonObject:
        monkeypatch.setenv("DATABASE_URL", address)
        return databases.read("DATABASE_URL", "", base=Path("/srv/csat"))

    return of


def test_postgresql_keeps_statements_prepared_and_compiles_none(read: Any) -> None:
    entry = read(SERVER)
    assert entry["OPTIONS"] == {"options": "-c jit=off", "server_side_binding": True, "prepare_threshold": 5}
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is False


@pytest.mark.parametrize("switch", ["pooler=1", "pooler=on", "pooler=True"])
def test_behind_a_pooler_nothing_is_kept_on_the_server_or_asked_at_the_start(read: Any, switch: str) -> None:
    entry = read(f"{SERVER}?{switch}&sslmode=require")
    assert entry["OPTIONS"] == {"sslmode": "require"}
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is True


def test_the_address_has_the_last_word(read: Any) -> None:
    assert read(f"{SERVER}?options=-c%20jit%3Don&pooler=0")["OPTIONS"]["options"] == "-c jit=on"
    assert read(f"{SERVER}?pooler=1&options=-c%20jit%3Doff")["OPTIONS"] == {"options": "-c jit=off"}


def test_a_relative_file_lies_in_the_house(read: Any) -> None:
    assert read("sqlite:///here.sqlite3")["NAME"] == "/srv/csat/here.sqlite3"
    assert read("sqlite:////var/lib/csat.sqlite3")["NAME"] == "/var/lib/csat.sqlite3"
    assert read("sqlite://:memory:")["NAME"] == ":memory:"


def test_no_replica_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_REPLICA_URL", raising=False)
    assert databases.read_replica("DATABASE_REPLICA_URL", of={}) == {}


def test_a_replica_is_spoken_to_like_its_primary_and_keeps_nobody_waiting(
    read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_REPLICA_URL", "postgres://csat:hush@copy/csat?pooler=1&connect_timeout=1")
    entry = databases.read_replica("DATABASE_REPLICA_URL", of=read(SERVER))
    assert (entry["HOST"], entry["TEST"]) == ("copy", {"MIRROR": "default"})
    assert entry["OPTIONS"] == {"connect_timeout": 1, "tcp_user_timeout": 5000}
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.parametrize(
    ("primary", "copy"), [("sqlite:///here.sqlite3", SERVER), (SERVER, "sqlite:///here.sqlite3")]
)
def test_only_postgresql_has_a_replica(
    read: Any, monkeypatch: pytest.MonkeyPatch, primary: str, copy: str
) -> None:
    monkeypatch.setenv("DATABASE_REPLICA_URL", copy)
    with pytest.raises(Misunderstood, match="DATABASE_REPLICA_URL"):
        databases.read_replica("DATABASE_REPLICA_URL", of=read(primary))


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_statement_that_comes_again_is_prepared_once() -> None:
    with connection.cursor() as cursor:
        for number in range(8):
            cursor.execute("SELECT 40 + %s::int AS asked_again", [number])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%asked_again%%'")
        assert cursor.fetchone()[0] == 1
        cursor.execute("SHOW jit")
        assert cursor.fetchone()[0] == "off"
