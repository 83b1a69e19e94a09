"""What a step can do: one class each; the registry is the list of step types."""

from csat.workflows.actions.base import Action, Context, Param, Wait
from csat.workflows.actions.control import Branch, Stop, WaitStep
from csat.workflows.actions.conversation import AddTag, Assign, Note, ReopenSession, SendMessage
from csat.workflows.actions.outside import HttpRequest, Notify
from csat.workflows.actions.survey import GenerateLink, GetScore, SendRequest

_ALL: list[Action] = [
    SendRequest(),
    GenerateLink(),
    GetScore(),
    Branch(),
    ReopenSession(),
    Notify(),
    SendMessage(),
    AddTag(),
    Assign(),
    Note(),
    WaitStep(),
    HttpRequest(),
    Stop(),
]
TYPES: dict[str, Action] = {action.type: action for action in _ALL}


def get(kind: str) -> Action:
    return TYPES[kind]


__all__ = ["TYPES", "Action", "Context", "Param", "Wait", "get"]
