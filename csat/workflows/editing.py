"""Writing workflows: drafts, activation, copies. A version that has been active never changes."""

import copy
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.people.auditing import audit
from csat.timeline.recording import Actor
from csat.workflows import blocks
from csat.workflows.models import Trigger, Version, Workflow

CONTENT = {"trigger_type", "trigger_constraints", "blocks"}


class NotValid(Invalid):
    """It cannot be activated yet; `issues` says why, step by step."""

    def __init__(self, issues: list[blocks.Issue]) -> None:
        super().__init__(_("The workflow is not ready yet."), fields={"workflow_blocks": [issue.message for issue in issues]})
        self.issues = issues


@transaction.atomic
def create(*, name: str, by: Actor, **content: Any) -> Workflow:
    """A new workflow with its first draft. `content`: trigger_type, trigger_constraints, blocks; a draft may be unfinished."""
    workflow = Workflow.objects.create(name=_named(name))
    Version.objects.create(workflow=workflow, number=1, **_content(content))
    audit(by, "workflow created", after={"name": workflow.name})
    return workflow


@transaction.atomic
def write(workflow: Workflow, *, by: Actor, name: str | None = None, **content: Any) -> Version:
    """Change its draft, or make the next one from the newest version; runs in flight keep theirs."""
    Workflow.objects.select_for_update().get(pk=workflow.pk)
    if name is not None and _named(name) != workflow.name:
        workflow.change(name=_named(name))
    version = workflow.latest
    values = _content(content)
    if not values:
        return version
    if version.activated_at:
        kept = {name: copy.deepcopy(getattr(version, name)) for name in CONTENT}
        return Version.objects.create(workflow=workflow, number=version.number + 1, **(kept | values))
    version.change(**values)
    return version


@transaction.atomic
def activate(workflow: Workflow, *, by: Actor) -> Version:
    """Switch on its newest version. Raises NotValid."""
    version = workflow.latest
    found = check(version)
    if found:
        raise NotValid(found)
    version.change(where={"activated_at": None}, activated_at=timezone.now())
    workflow.change(active=version)
    audit(by, "workflow activated", after={"name": workflow.name, "version": version.number})
    return version


@transaction.atomic
def disable(workflow: Workflow, *, by: Actor) -> None:
    """No event starts it any more; runs in flight end as they began."""
    workflow.change(active=None)
    audit(by, "workflow switched off", after={"name": workflow.name})


@transaction.atomic
def remove(workflow: Workflow, *, by: Actor) -> None:
    workflow.change(active=None, deleted_at=timezone.now())
    audit(by, "workflow removed", before={"name": workflow.name})


def duplicate(workflow: Workflow, *, by: Actor) -> Workflow:
    """A copy as a draft."""
    version = workflow.latest
    content = {name: copy.deepcopy(getattr(version, name)) for name in CONTENT}
    return create(name=_("%(name)s (copy)") % {"name": workflow.name[:110]}, by=by, **content)


def check(version: Version) -> list[blocks.Issue]:
    return blocks.issues(
        trigger_type=version.trigger_type,
        trigger_constraints=version.trigger_constraints,
        blocks=version.blocks,
    )


def _named(name: str) -> str:
    name = " ".join(str(name or "").split())
    if not name or len(name) > 120:
        raise Invalid(_("The workflow was not saved."), fields={"name": [_("Give it a name of at most 120 characters.")]})
    return name


def _content(content: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in content.items() if name in CONTENT and value is not None}
    if values.get("trigger_type", Trigger.SCORE) not in Trigger.values:
        message = _("There is no trigger “%(name)s”.") % {"name": values["trigger_type"]}
        raise Invalid(_("The workflow was not saved."), fields={"trigger_type": [message]})
    return values
