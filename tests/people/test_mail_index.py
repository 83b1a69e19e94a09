"""The index that keeps the mails of people apart."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from csat.people import mail_index
from csat.receivers import set_up
from tests.logs import written

pytestmark = pytest.mark.django_db


def a_later_migration_of_django_makes_the_table_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {mail_index.NAME}")


def test_what_a_later_migration_dropped_is_back_after_it(agent_user: User) -> None:
    a_later_migration_of_django_makes_the_table_anew()
    for _ in range(2):
        set_up()  # after a migrate
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="other", email=agent_user.email.upper())
    User.objects.create(username="without")
    User.objects.create(username="without either")


def test_two_of_one_mail_are_told_of(agent_user: User, caplog: pytest.LogCaptureFixture) -> None:
    a_later_migration_of_django_makes_the_table_anew()
    User.objects.create(username="other", email=agent_user.email)
    mail_index.make()
    assert "two people have the same email" in str(written(caplog.records))
    with connection.cursor() as cursor:
        assert mail_index.NAME not in connection.introspection.get_constraints(cursor, "auth_user")
