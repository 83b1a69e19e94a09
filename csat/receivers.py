"""The wiring: which signal leads to which verb. Reads like a table of contents."""

from typing import Any

from django.apps import apps
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from csat import signals
from csat.people import roles
from csat.people.models import Contact, Organization
from csat.sessions import forgetting


@receiver(post_migrate, sender=apps.get_app_config("csat"))
def set_up(plan: list[Any] | None = None, **_: Any) -> None:
    """The organisation and the three groups: data that a migration should not carry."""
    if any(backwards for _migration, backwards in plan or []):
        return
    Organization.current()
    roles.sync()


@receiver(signals.contact_erased)
def forget_in_sessions(contact: Contact, **_: Any) -> None:
    forgetting.forget(contact)
