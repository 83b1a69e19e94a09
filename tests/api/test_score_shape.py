"""A score is written of a row of values in one pass, exactly as the fields of its shape would write it."""

from typing import Any

import pytest
from rest_framework.serializers import Serializer

from csat.api.serializers.scores import COLUMNS, ScoreShape
from csat.surveys.answers import answering
from csat.surveys.models import Score
from tests.factories import make_agent, make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said", "agent"),
    [({"comment": "Slow", "about": "help"}, "Sam"), ({"comment": ""}, "")],
    ids=["all of it", "as little as there can be"],
)
def test_it_is_as_its_fields_say(said: dict[str, Any], agent: str) -> None:
    survey = make_sent_survey(**({"assignee": make_agent(agent)} if agent else {}))
    answering.answer(survey, score=2, source="page", **said)
    score = Score.objects.get()
    context = {"organization_id": str(survey.uuid), "themes": {score.pk: ["waiting"]}}
    written = ScoreShape(Score.objects.values_list(*COLUMNS, named=True).get(), context=context).data
    by_field = Serializer.to_representation(ScoreShape(context=context), score)
    assert written == by_field
    assert list(written) == list(by_field)
