"""manage.py doctor: examines this installation and says of each thing how it stands and what to do."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from csat.diagnosis import examination, report
from csat.diagnosis.findings import Level, worst


class Command(BaseCommand):
    help = "Examines this installation: what is wrong, and what to do about it. Exits 1 when something is."
    requires_system_checks = []  # they are part of it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, **options: Any) -> None:
        findings = examination.examine()
        as_json = json.dumps(report.as_json(findings), ensure_ascii=False, indent=2)
        self.stdout.write(as_json if options["json"] else report.as_text(findings))
        if worst(findings) == Level.ERROR:
            raise SystemExit(1)
