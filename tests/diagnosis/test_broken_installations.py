"""Installations that are really broken, each in one way: `manage.py doctor` names the fault and its mend."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from tests import serving, workers
from tests.diagnosis.broken import KEY, Report, doctor, run
from tests.diagnosis.conftest import make_backup, sql, stamp, worker_at_work
from tests.standins.listening import listening
from tests.standins.names import GOOD, NameServer
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer

pytestmark = pytest.mark.slow
DOWN = "127.0.0.1:1"  # nobody listens there
MAIL = {"DEFAULT_FROM_EMAIL": "Acme Support <support@acme.example>", "DKIM_SELECTOR": "mail"}


def examined(folder: Path, **env: str) -> Report:
    return doctor(folder, **{"BACKUP_DIR": str(folder.parent / "backups")} | env)


def its_own(folder: Path) -> dict[str, str]:
    """The environment of a web server over this installation."""
    database = f"sqlite:///{folder}/csat.sqlite3"
    return {"CSAT_VAR": str(folder), "DATABASE_URL": database, "SECRET_KEY": KEY, "REDIS_URL": ""}


def test_where_all_is_well_nothing_is_wrong(installation: Path) -> None:
    """With mail by a login, Twilio, Slack, records in DNS, and the web server at SITE_URL."""
    with (
        SmtpServer(login=("acme", "correct horse")) as mail, TwilioServer() as twilio, SlackServer() as slack,
        NameServer(GOOD) as names,
    ):  # fmt: skip
        url = mail.url.replace("//", "//acme:correct%20horse@")
        providers = twilio.env | slack.env | MAIL | {"EMAIL_URL": url, "DNS_SERVER": names.address}
        with serving.serving(**its_own(installation)) as base:
            report = examined(installation, SITE_URL=base, **providers)
        assert (mail.messages, twilio.messages, slack.messages) == ([], [], [])
    assert report.level != "error", report.findings
    assert report.status == 0
    wrong = [one["text"] for one in report.findings if one["level"] == "warning"]
    assert wrong == [f"Every link we send begins with {base}. (csat.W005)"]
    assert len(report.of("sender", "ok")) == 3
    assert {text.split(" accepts")[0] for text in report.of("providers", "ok")} >= {"smtp", "twilio", "slack"}


def test_a_wrong_password_of_the_mail_server(installation: Path) -> None:
    with SmtpServer(login=("acme", "correct horse")) as mail, NameServer(GOOD) as names:
        url = mail.url.replace("//", "//acme:incorrect-horse@")
        report = examined(installation, EMAIL_URL=url, DNS_SERVER=names.address, **MAIL)
    [told] = report.of("providers")
    assert told.startswith("smtp rejects our account: 535 ")
    assert "Put EMAIL_URL right" in told
    assert report.status == 1
    assert "incorrect-horse" not in str(report.findings)


def test_a_database_that_is_down(installation: Path) -> None:
    url = f"postgres://csat:hush-hush@{DOWN}/csat"
    report = examined(installation, DATABASE_URL=url, SECRETS_KEY=KEY)
    [told] = report.of("database")
    assert told.startswith("The database does not answer: ")
    assert "put DATABASE_URL right" in told
    assert "hush-hush" not in str(report.findings)
    assert report.of("disk", "ok")  # what needs no database is examined all the same


def test_migrations_that_are_missing(installation: Path) -> None:
    newest = "SELECT id FROM django_migrations WHERE app = 'csat' ORDER BY name DESC LIMIT 1"
    sql(installation, f"DELETE FROM django_migrations WHERE id = ({newest})")
    [told] = examined(installation).of("database")
    assert told.startswith("The database is older than the code; it lacks csat.0")
    assert told.endswith("Run manage.py migrate.")


def test_no_tables_at_all(installation: Path) -> None:
    for file in installation.glob("csat.sqlite3*"):
        file.unlink()
    report = examined(installation)
    [told] = report.of("database")
    assert told.startswith("The database is older than the code; it lacks ")
    assert told.endswith(" more. → Run manage.py migrate.")
    assert any("work.surveys could not be examined" in one for one in report.of("database", "warning"))


def test_no_worker(installation: Path) -> None:
    sql(installation, "DELETE FROM csat_workerprocess WHERE cluster = 'outward'")
    [told] = examined(installation).of("workers")
    assert told.startswith("No worker of outward has ever run.")
    assert "manage.py qcluster -n outward" in told


def test_a_worker_that_hangs_beside_one_that_works(installation: Path) -> None:
    worker_at_work(installation, "surveys", host="machine-2", after=timedelta(seconds=-260))
    [told] = examined(installation).of("workers")
    assert told.startswith("surveys on machine-2 (1) has given no sign of life for 4 min.")
    assert "Restart it" in told


def test_a_machine_whose_clock_is_ahead(installation: Path) -> None:
    worker_at_work(installation, "surveys", host="machine-2", after=timedelta(minutes=7))
    [told] = examined(installation).of("clock")
    assert told.startswith("The machine machine-2 is 6 min ahead of this one.")
    assert "NTP" in told


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_whose_clock_is_wrong(installation: Path) -> None:
    """PostgreSQL with a clock of its own: the function is another for this role's search path."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA wrong")
        cursor.execute(
            "CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT pg_catalog.now() - interval '9 minutes' $$"
        )
        try:
            url = f"{workers.database_url()}?options=-c%20search_path=wrong,pg_catalog,public"
            [told] = examined(installation, DATABASE_URL=url, SECRETS_KEY=KEY).of("clock")
        finally:
            cursor.execute("DROP SCHEMA wrong CASCADE")
    assert told.startswith("This machine and the database are ")
    assert "NTP" in told


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """A small file system in this place, with what was there, and no byte left."""
    kept = folder.with_name("kept")
    folder.rename(kept)
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", folder])
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        with open(folder / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(installation: Path) -> None:
    with full_disk(installation):
        report = examined(installation)
    [told] = report.of("disk")
    assert told.startswith(f"Nothing can be written in {installation}: No space left on device.")
    assert "Make room" in told


def test_secrets_in_files_of_one_machine_while_several_share_a_database(installation: Path) -> None:
    report = examined(installation, DATABASE_URL=f"postgres://csat:secret@{DOWN}/csat", SECRET_KEY="")
    told = report.of("settings")
    assert any("csat.E003" in one and "Set SECRETS_KEY to a long random text" in one for one in told)
    assert any("csat.E004" in one and "Set SECRET_KEY to a long random text" in one for one in told)


def test_somebody_elses_address_without_https(installation: Path) -> None:
    with listening() as other:
        report = examined(installation, SITE_URL=f"http://{other.address}")
    [told] = report.of("site")
    assert "answers 200, and not as this application does" in told
    assert "Let SITE_URL be the address of this installation" in told
    assert any("csat.W005" in one and "https" in one for one in report.of("settings", "warning"))


def test_a_wrong_number_of_proxies_and_another_key(installation: Path) -> None:
    with serving.serving(**its_own(installation)) as base:
        [told] = examined(installation, SITE_URL=base, TRUSTED_PROXIES="2").of("site")
        assert told.startswith("0 proxies stand before the web server, and TRUSTED_PROXIES is 2.")
        assert "Set TRUSTED_PROXIES to 0" in told
        [told] = examined(installation, SITE_URL=base, SECRET_KEY=KEY[::-1]).of("site")
        assert "another SECRET_KEY answers" in told


def test_redis_that_is_away(installation: Path) -> None:
    [told] = examined(installation, REDIS_URL=f"redis://:hush-hush@{DOWN}").of("cache")
    assert told.startswith("Redis does not answer: ")
    assert "Start Redis, or put REDIS_URL right" in told
    assert "hush-hush" not in told


def test_accounts_that_twilio_and_slack_refuse(installation: Path) -> None:
    with TwilioServer() as twilio, SlackServer() as slack:
        wrong = {"TWILIO_AUTH_TOKEN": "of-yesterday", "SLACK_BOT_TOKEN": "xoxb-revoked"}
        report = examined(installation, **twilio.env | slack.env | wrong)
    told = sorted(report.of("providers"))
    assert len(told) == 2
    assert told[0].startswith("slack rejects our account: Slack rejected our app: invalid_auth")
    assert "Put SLACK_BOT_TOKEN right" in told[0]
    assert told[1].startswith("twilio rejects our account: ")
    assert "Put TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN right" in told[1]


def test_a_sender_whose_domain_says_nothing(installation: Path) -> None:
    with SmtpServer() as mail, NameServer({}) as names:
        report = examined(installation, EMAIL_URL=mail.url, DNS_SERVER=names.address, **MAIL)
    assert [told.split(" → ")[0] for told in report.of("sender")] == [
        "acme.example has no SPF record.",
        "There is no DKIM key at mail._domainkey.acme.example.",
    ]
    [told] = report.of("sender", "warning")
    assert told.startswith("acme.example has no DMARC record.")
    assert "_dmarc.acme.example" in told.split(" → ")[1]


def test_a_queue_that_nobody_works_off(installation: Path) -> None:
    sql(
        installation,
        "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('surveys', 'x', ?)",
        stamp(timedelta(minutes=-20)),
    )
    [told] = examined(installation).of("queue")
    assert told.startswith("The oldest task of surveys has waited for 20 min.")
    assert "Start manage.py qcluster" in told


def test_a_backup_of_last_week(installation: Path) -> None:
    shutil.rmtree(installation.parent / "backups")
    make_backup(installation.parent / "backups", age=timedelta(days=9))
    [told] = examined(installation).of("backups")
    assert told.startswith("The last one was made 9 days ago.")
    assert "manage.py backup" in told


def test_files_that_other_users_may_read(installation: Path) -> None:
    installation.chmod(0o755)
    (installation / "secrets_key").chmod(0o644)
    [told] = examined(installation).of("disk")
    assert told.startswith("Other users of this machine may read ")
    assert "secrets_key" in told
    assert f"chmod -R go= {installation}" in told


def test_settings_that_cannot_be_read_stop_it_by_name(installation: Path) -> None:
    answer = run(installation, "doctor", TRUSTED_PROXIES="two")
    assert answer.returncode == 1
    assert answer.stderr.startswith("TRUSTED_PROXIES=two: give a whole number")
