"""Who it is that does something by a command."""

from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

SHELL = Actor(ActorKind.SYSTEM, name="manage.py")
