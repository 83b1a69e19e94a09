"""The dice of `year.py`: one row a conversation, thrown by PostgreSQL; everything else follows from it."""

from typing import Any

from django.db.models import Max, Model
from django.utils import timezone

from csat.management.demo.cast import Cast
from csat.management.demo.plots import CHANNELS
from csat.management.demo.stories import COMMENTS
from csat.people.models import Agent, Contact
from csat.sessions.models import Handoff, Session
from csat.surveys.models import Answer, Survey

DAYS = 365
TALKS_EACH = 6  # conversations of one customer in a year
OUTCOMES = {"answered": 34, "sent": 48, "failed": 4, "skipped": 6, "unresolved": 6, "open": 2}
NUMBERED: tuple[type[Model], ...] = (
    Session,
    Contact,
    Survey,
    Answer,
    Handoff,
)  # whose ids we give out ourselves

# One row a conversation: the dice first, then what follows from them. %% is a percent sign, {name} is filled
# in once.
PLAN = """
CREATE TEMP TABLE plan ON COMMIT DROP AS
WITH dice AS MATERIALIZED (
  SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f, random() AS g, random() AS h,
         1 + floor(random() * {customers})::int AS customer, 1 + floor(random() * {agents})::int AS who
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
), thrown AS MATERIALIZED (
  SELECT n, f, g, h, customer, who, c, d,
         {now} - interval '1 day' * ({days} * (1 - (n + 0.5) / {count})) AS day,
         interval '1 hour' * (7 + 7 * (a + b)) AS hour,
         interval '1 minute' * (3 - 35 * ln(1 - c)) AS took,
         ({channels})[1 + width_bucket(d, {channel_steps})] AS channel,
         ({outcomes})[1 + width_bucket(e, {outcome_steps})] AS outcome,
         1 + customer %% {languages_n} AS lang
  FROM dice
), told AS MATERIALIZED (
  SELECT *, least(date_trunc('day', day) + hour, {now} - interval '25 hours' - took) AS began,
         CASE WHEN channel IN ('web', 'whatsapp') THEN f < 0.25 ELSE false END AS handed_off,
         CASE WHEN channel IN ('instagram', 'messenger') AND outcome IN ('answered', 'sent', 'failed') THEN 'skipped'
              ELSE outcome END AS outcome_
  FROM thrown
)
SELECT n, {Session} + n AS id, {Survey} + n AS survey, {Answer} + n AS answer, {Handoff} + n AS handoff, {Contact} + customer AS contact,
       channel, outcome_ AS outcome, handed_off, began, began + took AS over, began + took + interval '3 seconds' AS asked,
       began + took - interval '25 minutes' * ln(1 - g) + interval '20 seconds' AS answered,
       ({languages})[lang] AS language, ({agent_ids})[who] AS agent, ({agent_uuids})[who] AS agent_uuid, ({agent_names})[who] AS agent_name,
       ({team_ids})[who] AS team, ({humans})[who] AS human, gen_random_uuid() AS survey_uuid, f, g, h,
       width_bucket(h - CASE WHEN handed_off THEN 0.10 ELSE 0 END - who * 0.012, ARRAY[-9, 0.02, 0.09, 0.18, 0.45]) AS score,
       ({comments})[({comment_starts})[lang * 3 - 2 + CASE WHEN h < 0.09 THEN 0 WHEN h < 0.18 THEN 1 ELSE 2 END]
                    + floor(c * ({comment_counts})[lang * 3 - 2 + CASE WHEN h < 0.09 THEN 0 WHEN h < 0.18 THEN 1 ELSE 2 END])::int] AS said
FROM told
"""


def words(count: int, cast: Cast, answered: float | None) -> dict[str, Any]:
    """Everything PLAN names, as SQL: numbers we made ourselves and quoted arrays."""
    people = [*cast.humans, cast.ai, cast.ai]  # the AI serves two of seven
    teams = ", ".join(str(agent.team_id or "NULL") for agent in people)
    starts, counts, comments = [], [], list[str]()
    for said in COMMENTS.values():
        for band in ("low", "mid", "high"):
            starts.append(len(comments) + 1)
            counts.append(len(said[band]))
            comments += said[band]
    outcomes = (
        OUTCOMES
        if answered is None
        else {"answered": int(answered * 1000), "sent": 1000 - int(answered * 1000)}
    )
    return {
        "now": f"timestamptz '{timezone.now().isoformat()}'", "days": DAYS, "count": count, "customers": max(count // TALKS_EACH, 50),
        "agents": len(people), "agent_ids": f"ARRAY{[agent.pk for agent in people]}",
        "agent_uuids": array([str(agent.uuid) for agent in people]),
        "agent_names": array([agent.name for agent in people]), "team_ids": f"ARRAY[{teams}]::bigint[]",
        "humans": f"ARRAY[{', '.join(str(agent.kind == Agent.Kind.HUMAN) for agent in people)}]",
        "channels": array(list(CHANNELS)), "channel_steps": steps_of(CHANNELS), "outcomes": array(list(outcomes)),
        "outcome_steps": steps_of(outcomes),
        "languages": array(list(COMMENTS)), "languages_n": len(COMMENTS),
        "comments": array(comments), "comment_starts": f"ARRAY{starts}", "comment_counts": f"ARRAY{counts}",
        **{model.__name__: (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1 for model in NUMBERED},
    }  # fmt: skip


def array(texts: list[str]) -> str:
    quoted = ", ".join("'" + text.replace("'", "''").replace("%", "%%") + "'" for text in texts)
    return f"ARRAY[{quoted}]"


def steps_of(weights: dict[str, int]) -> str:
    """The inner borders of the parts of 0 to 1, for width_bucket."""
    total, at, steps = sum(weights.values()), 0, []
    for weight in list(weights.values())[:-1]:
        at += weight
        steps.append(at / total)
    return f"ARRAY{steps}::float8[]"
