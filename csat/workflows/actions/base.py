"""What every action is, and what it is given."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from csat.sessions.models import Session
from csat.timeline.recording import Actor
from csat.workflows.models import Step


@dataclass(frozen=True)
class Param:
    """One thing an action must be told. `kind`: text, area, choice, number, agent, team, channel or json."""

    name: str
    label: Any
    kind: str = "text"
    required: bool = True
    choices: tuple[tuple[str, Any], ...] = ()
    help: Any = ""


@dataclass(frozen=True)
class Wait:
    """The run goes on later; the step is done then."""

    length: timedelta


@dataclass
class Context:
    """What a step works on. `depth` of the actor counts the workflows behind it; `token` stays the same when a step is repeated."""

    session: Session
    by: Actor
    facts: dict[str, Any]
    step: Step
    values: dict[str, str] = field(default_factory=dict)  # of the placeholders

    @property
    def token(self) -> str:
        return str(self.step.uuid)


class Action:
    """A step type. `outside`: it acts outside this database, so it runs after its step row is committed, and may be repeated
    under the same token if a worker died within it."""

    type: ClassVar[str]
    label: ClassVar[Any]
    help: ClassVar[Any] = ""
    params: ClassVar[tuple[Param, ...]] = ()
    outside: ClassVar[bool] = False

    def problems(self, params: dict[str, Any]) -> list[str]:
        """What is missing or wrong, in words."""
        found = []
        for param in self.params:
            value = params.get(param.name)
            if param.required and value in (None, "", []):
                found.append(_("“%(name)s” is missing.") % {"name": param.label})
            elif value not in (None, "") and param.choices and value not in dict(param.choices):
                found.append(_("“%(name)s” cannot be “%(value)s”.") % {"name": param.label, "value": value})
        return found

    def sentence(self, params: dict[str, Any]) -> str:
        """What it does, in words."""
        return str(self.label)

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any] | Wait:
        """Do it; its output. Raises Refused or Outcome when it cannot be done."""
        raise NotImplementedError

    def tell(self, context: Context, output: dict[str, Any] | Wait) -> None:
        """What an outside step writes down of itself, in the transaction that notes it as done."""
