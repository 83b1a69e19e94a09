"""The tags of a session: each new one is told, each removal is kept in the audit log."""

import pytest

from csat.lib.refusal import Invalid
from csat.sessions import tagging
from csat.timeline.models import Event
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return make_session()


def tags(session):
    return sorted(session.tags.values_list("name", flat=True))


def told():
    return list(
        Event.objects.filter(kind="session.tagged").order_by("id").values_list("data__tag", flat=True)
    )


def test_only_tags_that_are_new_are_told(session):
    assert tagging.tag(session, ["vip", " late  parcel "], by=API) == ["vip", "late parcel"]
    assert tagging.tag(session, ["vip", "refund"], by=API) == ["refund"]
    assert tags(session) == ["late parcel", "refund", "vip"]
    assert told() == ["vip", "late parcel", "refund"]


def test_what_was_there_is_taken_away_once(session):
    tagging.tag(session, ["vip", "late"], by=API)
    assert tagging.untag(session, ["vip", "unknown"], by=API)
    assert not tagging.untag(session, ["vip"], by=API)
    assert tags(session) == ["late"]
    untagged = Event.objects.filter(kind="audit", data__what="conversation.untagged")
    assert [event.data["before"] for event in untagged] == [{"removed": ["vip"]}]


def test_replaced_tags_tell_only_what_is_new(session):
    tagging.tag(session, ["vip", "late"], by=API)
    tagging.replace_tags(session, ["late", "refund"], by=API)
    assert tags(session) == ["late", "refund"]
    assert told() == ["vip", "late", "refund"]


def test_a_change_of_tags_changes_the_session_and_no_change_does_not(session):
    before = session.again().updated_at
    tagging.tag(session, ["vip"], by=API)
    changed = session.again().updated_at
    assert changed > before
    tagging.tag(session, ["vip"], by=API)
    tagging.untag(session, ["unknown"], by=API)
    assert session.again().updated_at == changed


def test_names_are_one_line_once_each_and_not_too_long():
    assert tagging.tag_names([" a\nb ", "a b", "", "c"]) == ["a b", "c"]
    assert tagging.tag_names(["x" * 80]) == ["x" * 80]
    with pytest.raises(Invalid) as invalid:
        tagging.tag_names(["x" * 81])
    assert list(invalid.value.fields) == ["tags"]
