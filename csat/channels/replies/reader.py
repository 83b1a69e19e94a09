"""What a customer wrote, as everybody reads it who acts on it: without what a program added."""

from dataclasses import dataclass

from csat.channels.replies import reactions
from csat.channels.replies.emails import without_signature


@dataclass(frozen=True)
class Reply:
    """`words`: what a person typed, without signature; of a reaction its emoji."""

    words: str
    is_reaction: bool = False
    taken_back: bool = False  # a reaction that was removed again


def read(text: str) -> Reply:
    """A reply on any medium, its quotation left out already."""
    if reaction := reactions.find(text):
        words = "" if reaction.taken_back else reaction.emoji
        return Reply(words, is_reaction=True, taken_back=reaction.taken_back)
    return Reply(without_signature(text))
