"""manage.py sending [status|pause|resume|try|resend|release]: how sending stands, and what to do about it."""

from collections.abc import Iterator
from datetime import datetime, time

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from csat.channels.kinds import SURVEYED, Channel
from csat.lib.refusal import Invalid, Refused
from csat.management.shell import SHELL
from csat.surveys.delivery import holds, release, resending, sending_status
from csat.surveys.delivery.resending import Resend
from csat.surveys.delivery.sending_status import ChannelStatus, SendingState, SendingStatus

NO_LIMIT = float("inf")
DOES = ("status", "pause", "resume", "try", "resend", "release")


class Command(BaseCommand):
    help = (
        "Say how sending stands; pause and resume it, as a whole or on one channel; try now whether a"
        " provider is back; ask again those whose surveys failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("do", nargs="?", default="status", choices=DOES)
        parser.add_argument("--channel", choices=[str(kind) for kind in SURVEYED], help="(default: all)")
        parser.add_argument("--reason", default="", help="why it is paused, for the others to read")
        parser.add_argument(
            "--since",
            type=_moment,
            help="resend what failed since then, ISO 8601, without a zone in UTC (default: 30 days ago)",
        )
        parser.add_argument(
            "--sent-until",
            type=_moment,
            help="release: what was due until then counts as sent (default: the moment of the restore)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="resend or release nothing, only say how many"
        )

    def handle(self, *args: object, do: str, **options: object) -> None:
        getattr(self, f"_{do}")(**options)

    def _status(self, *, channel: str | None, **_: object) -> None:
        for line in in_words(sending_status.current(), channel):
            self.stdout.write(line)

    def _pause(self, *, channel: str | None, reason: str, **_: object) -> None:
        paused = holds.pause(channel, by=SHELL, reason=reason)
        self.stdout.write(f"{_label(channel)}: {'paused' if paused else 'was paused already'}.")

    def _resume(self, *, channel: str | None, **_: object) -> None:
        try:
            resumed = holds.resume(channel, by=SHELL)
        except Refused as refused:
            raise CommandError(
                f"{refused.words} manage.py sending release --dry-run says what it does."
            ) from refused
        self.stdout.write(f"{_label(channel)}: {'resumed' if resumed else 'was not paused'}.")
        if channel is None and (
            held := [one for one in sending_status.current().channels if one.row.paused_at]
        ):
            self.stdout.write(f"Still paused: {', '.join(_label(one.channel) for one in held)}.")

    def _try(self, *, channel: str | None, **_: object) -> None:
        for kind in [channel] if channel else [str(kind) for kind in SURVEYED]:
            if holds.try_now(kind):
                self.stdout.write(f"{_label(kind)}: the next survey tries whether the provider is back.")
            elif channel:
                self.stdout.write(f"{_label(kind)}: the provider is not known to be away.")

    def _resend(self, *, channel: str | None, since: datetime | None, dry_run: bool, **_: object) -> None:
        since = since or resending.default_since()
        if dry_run:
            result = resending.dry_run(since=since, channel=channel, seconds=NO_LIMIT)
            self._report(result, would_be="would be ")
        else:
            self._report(resending.run(since=since, channel=channel, by=SHELL, seconds=NO_LIMIT))

    def _release(self, *, sent_until: datetime | None, dry_run: bool, **_: object) -> None:
        everything = sending_status.current(count=False).everything
        if everything.restored_from is None or everything.paused_at is None:
            raise CommandError("Nothing is held: this database was not restored, or it was released before.")
        until = sent_until or everything.paused_at
        if dry_run:
            number = release.in_doubt(until)
            self.stdout.write(f"{number} surveys were due until {_at(until)}: they would not be sent.")
            return
        try:
            released = release.release(by=SHELL, sent_until=until)
        except Invalid as invalid:
            raise CommandError(f"--sent-until: {invalid.message}") from invalid
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(
            f"Released. {released.not_sent} surveys that were due until {_at(until)} are not sent."
        )

    def _report(self, result: Resend, *, would_be: str = "") -> None:
        self.stdout.write(
            f"{result.failed} failed since {_at(result.since)}; {result.asked} {would_be}asked again."
        )
        for group in result.groups:
            code = f" ({group.code})" if group.code else ""
            self.stdout.write(
                f"  {_label(group.channel)}: {group.failed} × {group.text or 'no reason given'}{code},"
                f" {group.asked} {would_be}asked"
            )
        for reason, number in result.not_asked.items():
            self.stdout.write(f"  not asked: {number} × {resending.not_asked_label(reason)}")


def in_words(status: SendingStatus, channel: str | None = None) -> Iterator[str]:
    """One line about the whole, and one about each channel."""
    if status.pause:
        everything = status.pause
        by = f" by {everything.paused_by}" if everything.paused_by else ""
        reason = f": {everything.paused_reason}" if everything.paused_reason else ""
        yield f"All sending is paused since {_at(everything.paused_at)}{by}{reason}"
    for one in status.channels:
        if channel in (None, one.channel):
            yield f"{_label(one.channel)}: {_state(one)}{_waiting(one)}"


def _state(status: ChannelStatus) -> str:
    words = {
        SendingState.AWAY: "the provider is away",
        SendingState.STOPPED: "stopped, our account is refused",
    }
    text = words.get(status.state, str(status.state))
    if status.since:
        text += f" since {_at(status.since)}"
    if status.state == SendingState.PAUSED and status.row.paused_at and status.row.paused_by:
        text += f" by {status.row.paused_by}"
    if status.reason:
        text += f": {status.reason}"
    if status.next_try_at:
        text += "; tried now" if status.is_half_open else f"; tried next at {_at(status.next_try_at)}"
    return text


def _waiting(status: ChannelStatus) -> str:
    waiting = status.waiting
    return f"; {waiting.number} waiting, the oldest since {_at(waiting.oldest)}" if waiting.number else ""


def _label(channel: str | None) -> str:
    return str(Channel(channel).label) if channel else "All sending"


def _at(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}" if moment else ""


def _moment(text: str) -> datetime:
    """An ISO 8601 time or date. Raises CommandError."""
    try:
        moment = parse_datetime(text)
        day = None if moment else parse_date(text)
    except ValueError:
        moment = day = None
    if day:
        moment = datetime.combine(day, time())
    if moment is None:
        raise CommandError(f"{text} is no time such as 2026-11-20T18:00:00Z.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
