"""manage.py demo [--sessions N | --remove]: a team and two months of its conversations, in or out again."""

import contextlib
import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from csat.channels.kinds import SURVEYED
from csat.management.demo import present, removal, year
from csat.management.demo.cast import gather
from csat.management.demo.columns import indexes_afterwards
from csat.management.demo.dice import DAYS as DAYS_OF_A_YEAR
from csat.management.demo.past import History
from csat.management.demo.plots import DAYS, Plot, plots
from csat.people import demo, first_run
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact
from csat.reports import rollup
from csat.reports.models import Rollup
from csat.sessions.models import Session
from csat.surveys.rules import settings
from csat.surveys.rules.eligibility import Policy
from csat.timeline.recording import SYSTEM

STORIES = 110
BATCH = 2000


class Command(BaseCommand):
    help = (
        "Fill the database with a demo: a team, its customers, their conversations and ratings."
        " A second call adds nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sessions",
            type=int,
            default=0,
            metavar="N",
            help="add N sessions over a year instead, for trying out size",
        )

        parser.add_argument(
            "--remove",
            action="store_true",
            help="take the demo out: its people and their conversations",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sessions"] < 0:
            raise CommandError("--sessions: give a number of sessions to add.")
        if options["remove"]:
            people, conversations = removal.remove()
            count_reports()
            self.stdout.write(f"Removed {people} customers and {conversations} conversations of the demo.")
            if first_run.is_open():
                self.stdout.write(f"Nobody has an account now. Make the first one: {first_run.link()}")
            return
        if options["sessions"]:
            began = time.monotonic()
            fill_a_year(
                options["sessions"], say=self.stdout.write if options["verbosity"] else lambda text: None
            )
            made = time.monotonic()
            self.stdout.write(f"{options['sessions'] / (made - began):,.0f} sessions/s")
            count_reports()
            self.stdout.write(
                f"{options['sessions'] / (time.monotonic() - began):,.0f} a second"
                " with the counts of the reports"
            )
            return
        if demo.is_here():
            self.stdout.write("The demo is here already.")
            return
        fill()
        count_reports()
        if options["verbosity"]:
            self.stdout.write(self.logins())

    @staticmethod
    def nothing_here() -> bool:
        """Whether nobody has used this database yet."""
        return not (Session.objects.exists() or Contact.objects.exists() or User.objects.exists())

    @staticmethod
    def way_in() -> str:
        """Where the first account is made, while there is none; the logins of the demo; or nothing."""
        if first_run.is_open():
            return f"  Nobody has an account yet. Make the first one here:\n\n  {first_run.link()}"
        return Command.logins() if demo.is_here() else "  Log in with your account."

    @staticmethod
    def logins() -> str:
        """A line for each login of the demo, when this is the machine it is for."""
        if not demo.on_this_machine():
            return "  The logins of the demo work only while SITE_URL is http://127.0.0.1 or localhost."
        for user in demo.users():
            if user.check_password(demo.FORMER_PASSWORD):
                demo.draw_password(user)
        drawn = demo.passwords()
        return "\n".join(
            f"  login: {login} / {drawn.get(login, '(changed since)')}".ljust(36) + f"({role})"
            for role, login in demo.LOGINS.items()
        )


@transaction.atomic
def fill() -> None:
    cast = gather()
    _ask_everybody(DAYS)
    _tell(list(plots(STORIES, cast, now=timezone.now())))
    present.play(cast)
    audit(SYSTEM, AuditAction.DEMO_ADDED)


def _ask_everybody(days: int) -> None:
    """The past of so many days was asked by these rules."""
    rules = settings.change(
        by=SYSTEM,
        auto_send=True,
        delay_seconds=0,
        brand_name="Acme",
        ask_about=True,
        channels={kind: {"enabled": True} for kind in SURVEYED},
    )
    rules.change(auto_send_since=timezone.now() - timedelta(days=days + 10))


def count_reports() -> None:
    """The rollup of what was written beside the verbs."""
    rollup.recount_everything()
    with transaction.atomic(), connection.cursor() as cursor, contextlib.ExitStack() as stack:
        if connection.vendor == "postgresql":
            stack.enter_context(indexes_afterwards(cursor, [Rollup]))
        rollup.recount(seconds=float("inf"))


def fill_a_year(count: int, *, say: Callable[[str], None]) -> None:
    """PostgreSQL makes them by itself; elsewhere they are told one by one, as the demo's own."""
    new, cast = Command.nothing_here(), gather()
    if new:
        _ask_everybody(DAYS_OF_A_YEAR)
    if connection.vendor == "postgresql":
        year.fill(count, cast, say=say)
        return
    told, now = plots(count, cast, now=timezone.now(), days=DAYS_OF_A_YEAR), 0
    while batch := list(itertools.islice(told, BATCH)):
        with transaction.atomic():
            _tell(batch)
        now += len(batch)
        say(f"{now:,} of {count:,}")


def _tell(batch: list[Plot]) -> None:
    history = History(Policy.current())
    last_number = Session.objects.order_by("-pk").values_list("pk", flat=True).first() or 4400
    for number, plot in enumerate(batch, start=last_number + 1):
        history.add(plot, number=number)
    history.write()
    _continue_numbers()


def _continue_numbers() -> None:
    """PostgreSQL's own count of ticket numbers goes on after the ones we gave."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('csat_session', 'id'), max(id)) FROM csat_session"
            )
