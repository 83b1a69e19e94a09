"""How each conversation goes: one dice, thrown the same way every time, decides everything before a row is
made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from csat.channels.kinds import Channel
from csat.management.demo import stories
from csat.management.demo.cast import Cast
from csat.management.demo.stories import STORIES, Story
from csat.people.models import Agent, Contact
from csat.scale import is_low, is_satisfied

DAYS = 60
CHANNELS = {
    "web": 30,
    "email": 26,
    "whatsapp": 12,
    "sms": 7,
    "phone_voice": 7,
    "slack": 5,
    "api": 4,
    "web_voice": 3,
    "instagram": 3,
    "messenger": 3,
}
ENDS = {"answered": 60, "sent": 19, "failed": 7, "cancelled": 4, "opt_out": 3, "unresolved": 6, "open": 4}
TODAY = timedelta(hours=5)  # history ends here: what came later is told by the real verbs


@dataclass
class Plot:
    """One conversation from its first word to its rating. `end` is one of ENDS, or `skipped` on a channel
    never surveyed.
    """

    story: Story
    contact: Contact
    channel: str
    agent: Agent
    ai: Agent | None
    handed_off: bool
    began: datetime
    minutes: float  # until it was over
    end: str
    score: int = 0
    comment: str = ""
    about: str | None = None
    wait: timedelta = timedelta()  # from the request to the answer
    earlier_score: int = 0  # a rating that this one replaced
    sentiment: str = "neutral"
    said: list[tuple[datetime, str, str]] = field(
        default_factory=list
    )  # when, who (contact, agent, ai), what

    @property
    def over(self) -> datetime:
        return self.began + timedelta(minutes=self.minutes)


def plots(count: int, cast: Cast, *, now: datetime, days: int = DAYS) -> Iterator[Plot]:
    dice = Random(2032)  # noqa: S311 (a story, not a secret)
    for index in range(count):
        plot = _plot(dice, cast, _moment(dice, index / count, now, days))
        plot.wait = min(plot.wait, now - plot.over - timedelta(minutes=5))
        yield plot


def _moment(dice: Random, part: float, now: datetime, days: int) -> datetime:
    """Spread evenly over the days; within a day and a week as people write."""
    at = now - TODAY - timedelta(days=days * (1 - part))
    at = at.replace(
        hour=min(int(dice.triangular(7, 22, 11)), 21),
        minute=dice.randrange(60),
        second=dice.randrange(60),
        microsecond=0,
    )
    quiet_weekend = (
        dice.random() < 0.6
    )  # thrown on every day, so that the rest of the story is the same whenever it is told
    at -= timedelta(days=2 if at.weekday() > 4 and quiet_weekend else 0)
    return min(at, now - TODAY)


def _plot(dice: Random, cast: Cast, began: datetime) -> Plot:
    story = dice.choice(STORIES)
    channel = _weighted(dice, CHANNELS)
    ai_first = channel in ("web", "whatsapp", "instagram", "messenger") and dice.random() < 0.75
    handed_off = ai_first and (bool(story.reasons) or dice.random() < 0.2)
    human = dice.choice(cast.of_team(story.team))
    plot = Plot(
        story=story,
        contact=dice.choice(cast.customers[story.language]),
        channel=channel,
        agent=cast.ai if ai_first and not handed_off else human,
        ai=cast.ai if ai_first else None,
        handed_off=handed_off,
        began=began,
        minutes=max(len(story.lines) * 2.0, min(dice.lognormvariate(3.4, 0.9), 150)),
        end=_weighted(dice, ENDS),
    )
    plot.said = list(_speak(dice, plot))
    _rate(dice, plot)
    return plot


def _speak(dice: Random, plot: Plot) -> Iterator[tuple[datetime, str, str]]:
    lines = plot.story.lines
    step = plot.minutes / (len(lines) + 1)
    for index, text in enumerate(lines):
        answering = "ai" if plot.ai and (not plot.handed_off or index == 1) else "agent"
        yield (
            plot.began + timedelta(minutes=step * (index + dice.random() * 0.6)),
            answering if index % 2 else "contact",
            text,
        )


def _rate(dice: Random, plot: Plot) -> None:
    if plot.channel in (Channel.INSTAGRAM, Channel.MESSENGER) and plot.end in (
        "answered",
        "sent",
        "failed",
        "cancelled",
        "opt_out",
    ):
        plot.end = "skipped"
    if plot.channel == Channel.API and plot.end == "failed":
        plot.end = "sent"  # nothing goes out that could fail
    unhappy = dice.random() < plot.story.hard + (0.12 if plot.handed_off else 0)
    plot.sentiment = "negative" if unhappy else dice.choice(("neutral", "positive", "positive"))
    if plot.end != "answered":
        return
    plot.score = dice.choice((1, 1, 2, 2, 3)) if unhappy else dice.choices((3, 4, 5), (1, 4, 7))[0]
    if dice.random() < (0.75 if is_low(plot.score) else 0.5):
        plot.comment = dice.choice(stories.comments(plot.story.language, plot.score))
    if not is_satisfied(plot.score) and dice.random() < 0.6:
        plot.about = dice.choice(("help", "product", "product", "policy", "unsolved"))
    plot.wait = timedelta(minutes=dice.lognormvariate(3.2, 1.3))
    if dice.random() < 0.06:
        plot.earlier_score = max(1, plot.score - dice.choice((1, 2)))


def _weighted(dice: Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]
