"""The one Django app of the house."""

from django.apps import AppConfig


class CsatConfig(AppConfig):
    name = "csat"
    label = "csat"
    verbose_name = "Customer satisfaction"

    def ready(self) -> None:
        from csat import checks, receivers, schedules  # noqa: F401 (each registers itself)
