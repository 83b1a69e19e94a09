"""Files that an erased person may be in go; a tag that only they had is counted no more."""

import pytest

from csat.people import erasure
from csat.reports import rollup
from csat.reports.models import Rollup
from csat.sessions import tagging
from tests.factories import API, make_sent_survey

pytestmark = pytest.mark.django_db


def test_a_tag_of_their_own_leaves_the_cells_and_a_category_stays():
    """The figures of an erased person stay, but for those of a word that may name them."""
    survey, other = make_sent_survey(), make_sent_survey()
    tagging.tag(survey.session, ["billing", "nadia again"], by=API)
    tagging.tag(other.session, ["billing"], by=API)
    rollup.recount()
    erasure.erase(survey.contact, by=API)
    rollup.recount()
    assert dict(Rollup.objects.filter(dim1="tag", dim2="").values_list("key1", "requested")) == {"billing": 2}
