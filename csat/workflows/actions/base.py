"""The interface of a step type, and the context it runs in."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from django.utils.translation import gettext as _

from csat.channels.circuits import Way
from csat.lib.types import JsonObject, Label
from csat.sessions.models import Session
from csat.timeline.recording import Actor
from csat.workflows.models import Step


@dataclass(frozen=True)
class Param:
    """One parameter. `kind`: text, area, choice, number, agent, team, channel or json."""

    name: str
    label: Label
    kind: str = "text"
    required: bool = True
    choices: tuple[tuple[str, Label], ...] = ()
    help: Label = ""


@dataclass(frozen=True)
class Wait:
    """A step returns it to let the run continue after this time."""

    length: timedelta


@dataclass
class Context:
    """What a step works on."""

    session: Session
    by: Actor
    facts: JsonObject
    step: Step
    values: dict[str, str] = field(default_factory=dict)  # of the placeholders

    @property
    def token(self) -> str:
        """An idempotency key: the same when the step is repeated."""
        return str(self.step.uuid)


class Action:
    """A step type. `outside`: it acts outside this database.

    Such a step runs after its row is committed, and is repeated under the same token if its worker died.
    """

    type: ClassVar[str]
    label: ClassVar[Label]
    help: ClassVar[Label] = ""
    params: ClassVar[tuple[Param, ...]] = ()
    outside: ClassVar[bool] = False
    outputs: ClassVar[tuple[str, ...]] = ()  # what later conditions may read of it

    def problems(self, params: JsonObject) -> list[str]:
        """What is missing or wrong, in sentences."""
        mistakes = []
        for param in self.params:
            value = params.get(param.name)
            if param.required and value in (None, "", []):
                mistakes.append(_("“%(name)s” is missing.") % {"name": param.label})
            elif value not in (None, "") and param.choices and value not in dict(param.choices):
                mistakes.append(
                    _("“%(name)s” cannot be “%(value)s”.") % {"name": param.label, "value": value}
                )
        return mistakes

    def sentence(self, params: JsonObject) -> str:
        """What it does, for the summary of the workflow."""
        return str(self.label)

    def run(self, context: Context, params: JsonObject) -> JsonObject | Wait:
        """Execute it; returns its output. Raises Refused or Outcome."""
        raise NotImplementedError

    def record_effect(self, context: Context, output: JsonObject | Wait) -> None:
        """Record what an outside step did, in the transaction that saves its output."""

    def way(self, session: Session, params: JsonObject) -> Way | None:
        """By which provider it sends, which may be away; None when it sends by none of ours."""
        return None
