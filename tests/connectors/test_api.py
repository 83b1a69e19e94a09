"""How a system asks for what may be gone."""

import pytest

from csat.connectors.api import get_or_none, quoted
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi


def test_what_is_gone_or_merged_away_is_none():
    answers = {f"GET /{code}": Never("gone", code=code) for code in ("301", "404", "410")}
    api = FakeApi({**answers, "GET /there": {"id": 7}})
    assert [get_or_none(api, f"/{code}") for code in ("301", "404", "410", "never-was")] == [None] * 4
    assert get_or_none(api, "/there") == {"id": 7}


@pytest.mark.parametrize("trouble", [Never("401", code="401", account=True), Retry("429", code="429")])
def test_any_other_trouble_is_told(trouble):
    with pytest.raises(type(trouble)):
        get_or_none(FakeApi({"GET /x": trouble}), "/x")


def test_an_id_is_one_part_of_a_path_whatever_stands_in_it():
    assert quoted("../a?b#c d") == "..%2Fa%3Fb%23c%20d"
    assert quoted("\ud83d") == "%3F"
