"""A score is written in one pass, exactly as the fields of its shape would write it."""

from typing import Any

import pytest
from rest_framework.serializers import Serializer

from csat.api.serializers.scores import ScoreShape
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
    shape = ScoreShape(Score.objects.get(), context={"organization_id": survey.uuid})
    by_field = Serializer.to_representation(shape, shape.instance)
    assert shape.data == by_field
    assert list(shape.data) == list(by_field)
