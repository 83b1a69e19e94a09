"""A random year, written once for a module."""

from typing import Any

import pytest
from django.db import transaction

from csat.people.models import Organization
from csat.reports import rollup
from tests.reports import past
from tests.reports.asking import BERLIN, START


@pytest.fixture(scope="module")
def year(django_db_setup: Any, django_db_blocker: Any) -> Any:
    """Its facts; taken away again after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        Organization.current().change(timezone=BERLIN)
        written = past.write(700, start=START, days=360)
        past.analyze()
        rollup.recount_everything()
        rollup.recount()
        yield written
        transaction.set_rollback(True)
