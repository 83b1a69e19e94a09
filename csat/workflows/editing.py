"""Edit workflows: drafts, activation, copies. A version that was ever active never changes."""

import copy

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.json_limits import refuse_excess
from csat.lib.refusal import Invalid, Problems
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor
from csat.workflows import blocks
from csat.workflows.models import Trigger, Version, Workflow

CONTENT = {"trigger_type", "trigger_constraints", "blocks"}


class NotValid(Invalid):
    """The workflow cannot be activated yet; `issues` says why, step by step."""

    def __init__(self, issues: list[blocks.Issue]) -> None:
        super().__init__(
            _("The workflow is not ready yet."),
            fields={"workflow_blocks": [issue.message for issue in issues]},
        )
        self.issues = issues


@transaction.atomic
def create(*, name: str, by: Actor, **content: object) -> Workflow:
    """Create a workflow with its first draft, which may be unfinished.

    `content`: trigger_type, trigger_constraints, blocks. Raises Invalid.
    """
    workflow = Workflow.objects.create(name=_clean_name(name))
    Version.objects.create(workflow=workflow, number=1, **_clean_content(content))
    audit(by, AuditAction.WORKFLOW_CREATED, after={"name": workflow.name}, target=workflow)
    return workflow


@transaction.atomic
def save_draft(workflow: Workflow, *, by: Actor, name: str | None = None, **content: object) -> Version:
    """Change the draft, or start one from the newest version. Runs in progress keep their version."""
    Workflow.objects.select_for_update().get(pk=workflow.pk)
    if name is not None and _clean_name(name) != workflow.name:
        before, after = {"name": workflow.name}, {"name": _clean_name(name)}
        audit(by, AuditAction.WORKFLOW_RENAMED, before=before, after=after, target=workflow)
        workflow.change(name=_clean_name(name))
    version = workflow.latest
    values = _clean_content(content)
    if not values:
        return version
    kept = {name: copy.deepcopy(getattr(version, name)) for name in CONTENT}
    if version.activated_at:
        version = Version.objects.create(workflow=workflow, number=version.number + 1, **(kept | values))
    else:
        version.change(**values)
    if changed := sorted(name for name, value in values.items() if value != kept[name]):
        draft = {"name": workflow.name, "version": version.number, "changed": changed}
        audit(by, AuditAction.WORKFLOW_DRAFT_CHANGED, after=draft, target=workflow)
    return version


@transaction.atomic
def activate(workflow: Workflow, *, by: Actor) -> Version:
    """Switch on the newest version. Raises NotValid."""
    version = workflow.latest
    if issues := check(version):
        raise NotValid(issues)
    version.change(where={"activated_at": None}, activated_at=timezone.now())
    workflow.change(active=version)
    after = {"name": workflow.name, "version": version.number}
    audit(by, AuditAction.WORKFLOW_ACTIVATED, after=after, target=workflow)
    return version


@transaction.atomic
def disable(workflow: Workflow, *, by: Actor) -> None:
    """Switch it off: no event starts it any more; runs in progress continue."""
    workflow.change(active=None)
    audit(by, AuditAction.WORKFLOW_SWITCHED_OFF, after={"name": workflow.name}, target=workflow)


@transaction.atomic
def remove(workflow: Workflow, *, by: Actor) -> None:
    workflow.change(active=None, deleted_at=timezone.now())
    audit(by, AuditAction.WORKFLOW_REMOVED, before={"name": workflow.name}, target=workflow)


def duplicate(workflow: Workflow, *, by: Actor) -> Workflow:
    """Create a copy as a draft."""
    version = workflow.latest
    content = {name: copy.deepcopy(getattr(version, name)) for name in CONTENT}
    return create(name=_("%(name)s (copy)") % {"name": workflow.name[:110]}, by=by, **content)


def check(version: Version) -> list[blocks.Issue]:
    return blocks.issues(
        trigger_type=version.trigger_type,
        trigger_constraints=version.trigger_constraints,
        blocks=version.blocks,
    )


def _clean_name(name: str) -> str:
    name = " ".join(str(name or "").split())
    if not name or len(name) > 120:
        raise Invalid(
            _("The workflow was not saved."),
            fields={"name": [_("Give it a name of at most 120 characters.")]},
        )
    return name


def _clean_content(content: JsonObject) -> JsonObject:
    values = {name: value for name, value in content.items() if name in CONTENT and value is not None}
    problems = Problems()
    for name in CONTENT & values.keys():
        with problems.of(name):
            refuse_excess(values[name])
    problems.check()
    if values.get("trigger_type", Trigger.SCORE) not in Trigger.values:
        message = _("There is no trigger “%(name)s”.") % {"name": values["trigger_type"]}
        raise Invalid(_("The workflow was not saved."), fields={"trigger_type": [message]})
    return values
