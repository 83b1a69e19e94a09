import pytest

from csat.surveys.models import Survey
from tests.factories import make_agent, make_sent_survey
from tests.tokens import rate_token


@pytest.fixture
def survey(db) -> Survey:
    return make_sent_survey("email", assignee=make_agent("Sam"))


@pytest.fixture
def address(survey) -> str:
    return f"/r/{rate_token(survey)}"
