"""The project's one Django app."""

from django.apps import AppConfig


class CsatConfig(AppConfig):
    name = "csat"
    label = "csat"
    verbose_name = "Customer satisfaction"

    def ready(self) -> None:
        from csat.channels import registry
        from csat.connectors.carrier import HelpDesk
        from csat.jobs import Job
        from csat.lib import queue_packages
        from csat.lib.queue_broker import Broker

        queue_packages.install(list(Job))
        Broker.beat = Job.BEAT
        registry.add_carrier(HelpDesk())
        from csat import checks, receivers, schedules  # noqa: F401 (each registers itself)
        from csat.lib import text_search  # noqa: F401 (registers its lookup)
        from csat.web import middleware  # noqa: F401
        from csat.web.account import receivers as _of_accounts  # noqa: F401
