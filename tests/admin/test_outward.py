"""The admin's webhooks and workflows: watched, switched off, tried again."""

from typing import Any

import pytest
from django.test import Client

from csat.people import roles
from csat.webhooks.models import Endpoint, WebhookAttempt
from csat.workflows.models import Run, Workflow
from tests.admin.rows import make_everything

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows(db: Any) -> None:
    roles.sync()
    make_everything()


def do(client: Client, table: str, action: str, row: Any) -> Any:
    return client.post(f"/admin/csat/{table}/", {"action": action, "_selected_action": [row.pk]})


def test_the_secret_of_an_endpoint_is_shown_nowhere(admin: Client) -> None:
    for page in ("", f"{Endpoint.objects.get().pk}/change/"):
        assert b"whsec_not_to_be_seen" not in admin.get(f"/admin/csat/endpoint/{page}").content


def test_an_endpoint_is_switched_off_and_on(manager: Client) -> None:
    do(manager, "endpoint", "switch_off", Endpoint.objects.get())
    assert not Endpoint.objects.get().enabled
    do(manager, "endpoint", "switch_on", Endpoint.objects.get())
    assert Endpoint.objects.get().enabled


def test_a_call_is_made_again(manager: Client) -> None:
    WebhookAttempt.objects.update(state="failed", attempt=10)
    do(manager, "webhookattempt", "call_again", WebhookAttempt.objects.get())
    assert (WebhookAttempt.objects.get().state, WebhookAttempt.objects.get().attempt) == ("pending", 0)


def test_a_workflow_is_switched_off(manager: Client) -> None:
    do(manager, "workflow", "switch_off", Workflow.objects.get())
    assert Workflow.objects.get().active is None


def test_a_failed_run_goes_on(manager: Client) -> None:
    do(manager, "run", "go_on", Run.objects.get())
    assert Run.objects.get().state == "due"


def test_an_agent_does_none_of_it(agent: Client) -> None:
    assert do(agent, "endpoint", "switch_off", Endpoint.objects.get()).status_code == 403
    assert do(agent, "run", "go_on", Run.objects.get()).status_code == 403
