"""How we speak to a database that an address names, on SQLite and on PostgreSQL."""

from pathlib import Path

from csat.lib.types import JsonObject
from project import environment as env

SQLITE = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
}
# PostgreSQL parses and plans once a connection what it is asked again and again: a third of its work for a
# rating page. Its just-in-time compiler takes longer over a report's query than running it does
POSTGRESQL = {"options": "-c jit=off", "server_side_binding": True, "prepare_threshold": 5}


def read(name: str, default: str, *, base: Path) -> JsonObject:
    """The entry of DATABASES for the address in the variable `name`; a relative SQLite file lies in `base`.

    What stands behind the ? of the address overrides POSTGRESQL. `pooler=1` leaves out all that needs the
    same server connection from one transaction to the next, or that a pooler refuses at the start.

    Raises Misunderstood, naming the variable.
    """
    config = env.database(name, default)
    config["CONN_MAX_AGE"] = 60  # 0 closes the connection at every broker call
    config["CONN_HEALTH_CHECKS"] = True
    if config["ENGINE"].endswith("sqlite3"):
        if config["NAME"] != ":memory:":
            config["NAME"] = str(base / config["NAME"])
        config["OPTIONS"] = SQLITE
    elif config["ENGINE"].endswith("postgresql"):
        given = config.get("OPTIONS", {})
        pooled = str(given.pop("pooler", "0")).lower() in env.YES
        config["OPTIONS"] = ({} if pooled else POSTGRESQL) | given
        config["DISABLE_SERVER_SIDE_CURSORS"] = pooled
    return config


def read_replica(name: str, *, of: JsonObject) -> JsonObject:
    """The entry of DATABASES for the replica in the variable `name`; empty when none is named.

    What is read from it falls back to its primary `of`, so it may keep nobody waiting: 2 s to connect, 5 s
    for an answer to what was sent. Raises Misunderstood unless both are PostgreSQL.
    """
    if not env.text(name):
        return {}
    config = read(name, "", base=Path())
    if not all(entry["ENGINE"].endswith("postgresql") for entry in (config, of)):
        raise env.Misunderstood(f"{name}: a replica is PostgreSQL's, and DATABASE_URL names its primary")
    config["OPTIONS"] = {"connect_timeout": 2, "tcp_user_timeout": 5000} | config["OPTIONS"]
    config["TEST"] = {"MIRROR": "default"}
    return config
