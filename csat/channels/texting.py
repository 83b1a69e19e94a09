"""How a survey becomes a text message: as many words as one segment carries."""

from csat.channels import segments, wording
from csat.channels.base import Ask, Message


def compose(kind: str, ask: Ask) -> Message:
    """The text of channel `kind`; the default words get shorter rather than take a second segment."""
    return Message(
        kind=kind,
        to=ask.to,
        text=_own(kind, ask) if ask.intro else _shortest(kind, ask),
        reference=ask.reference,
        survey_id=ask.survey_id,
        language=ask.language,
        link=ask.rate_url,
    )


def _own(kind: str, ask: Ask) -> str:
    return wording.render(f"{kind}/message.txt", ask)


def _shortest(kind: str, ask: Ask) -> str:
    full = wording.render(f"{kind}/message.txt", ask)
    if segments.count(full).segments == 1:
        return full
    short = wording.render(f"{kind}/message.txt", ask, short=True)
    return min((full, short), key=lambda text: segments.count(text).segments)
