"""The report: to be copied anywhere, so without a secret."""

from typing import Any

from csat.diagnosis import report
from csat.diagnosis.findings import Area, error, ok


def test_as_text_each_finding_says_what_to_do_below_it() -> None:
    text = report.as_text([ok(Area.DISK, "Enough."), error(Area.CLOCK, "Late.", "Set it.")])
    assert "ok       Disk: Enough.\nERROR    Clock: Late.\n         → Set it." in text
    assert text.startswith("CSAT ")


def test_as_json_the_worst_counts() -> None:
    told = report.as_json([ok(Area.DISK, "Enough."), error(Area.CLOCK, "Late.", "Set it.")])
    assert told["level"] == "error"
    assert told["findings"][1] == {"area": "clock", "level": "error", "text": "Late.", "todo": "Set it."}


def test_no_secret_of_the_settings_is_in_it(settings: Any) -> None:
    settings.SLACK_BOT_TOKEN = "xoxb-hush"
    settings.LINK_KEYS = ["first-hush", "second-hush"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": None, "POSTMARK_SERVER_TOKEN": "postmark-hush"}
    settings.EMAIL_HOST_PASSWORD = "mail-hush"
    said = f"xoxb-hush second-hush postmark-hush mail-hush {settings.SECRET_KEY} redis://u:hush@host:1"
    for finding in (ok(Area.DISK, said), error(Area.DISK, "x", said)):
        for text in (report.as_text([finding]), str(report.as_json([finding])), str(report.shown(finding))):
            assert "hush" not in text
            assert settings.SECRET_KEY not in text
            assert "redis://…@host:1" in text
