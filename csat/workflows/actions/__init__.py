"""The registry of step types, one class each."""

from csat.workflows.actions.base import Action
from csat.workflows.actions.control import Branch, Stop, WaitStep
from csat.workflows.actions.conversation import AddTag, Assign, Note, ReopenSession, SendMessage
from csat.workflows.actions.external import HttpRequest, Notify
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
