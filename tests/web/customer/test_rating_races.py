"""Posts that arrive together: every answer is kept, one is the score, nobody sees a broken page."""

from collections import Counter

import pytest
from django.test import Client

from csat.surveys.models import Answer, Score
from tests.factories import make_sent_survey
from tests.racing import race
from tests.tokens import rate_token
from tests.web.pages import form

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_two_different_posts_at_once_leave_two_answers_and_one_score():
    address = f"/r/{rate_token(make_sent_survey('email'))}"
    posts = [
        form(Client().get(address)).fields | {"gesture": "1", "score": score, "comment": "?"}
        for score in (2, 5)
    ]
    answers = race(lambda n: Client().post(address, posts[n]).status_code, 2)
    assert answers == [303, 303]
    assert Counter(Answer.objects.values_list("score", "state")) == {(2, "accepted"): 1, (5, "accepted"): 1}
    assert Score.objects.get().answer == Answer.objects.latest("revision")


def test_five_faces_submitted_at_once_leave_the_first_as_the_score():
    address = f"/r/{rate_token(make_sent_survey('email'))}"
    posts = [
        form(Client().get(address)).fields | {"gesture": "1", "score": score, "comment": "?"}
        for score in range(1, 6)
    ]
    assert set(race(lambda n: Client().post(address, posts[n]).status_code, 5)) == {303}
    assert Answer.objects.count() == 5
    accepted = Answer.objects.get(state="accepted")
    assert (accepted.revision, Score.objects.get().answer) == (1, accepted)
