import pytest

from csat.sessions import activity
from csat.sessions.models import Session
from tests.factories import API, make_agent, make_contact, make_session

pytestmark = pytest.mark.django_db


def test_a_session_is_searched_by_number_subject_and_contact():
    nadia = make_contact(name="Nadia Berg", email="nadia@customer.example", phone="+4930123456")
    session = make_session(contact=nadia, subject="Lost parcel", external_id="HD-77")
    make_session(contact=make_contact(name="Omar", phone="+33140000000"))
    for text in (
        f"#{session.pk}",
        str(session.pk),
        "lost",
        "HD-77",
        "berg",
        "nadia@",
        "30 123 456",
        " Nadia ",
    ):
        assert session in Session.objects.search(text), text
    for text in ("lost", "berg", "+49 30 123456", "HD-77"):
        assert Session.objects.search(text).count() == 1, text
    assert Session.objects.search("").count() == 2
    assert not Session.objects.search("9" * 30).exists()


def test_a_bridged_session_is_listed_as_web_chat():
    web, bridged, plain = (
        make_session("web"),
        make_session("instagram", bridged_to_web=True),
        make_session("instagram"),
    )
    assert set(Session.objects.of_channel("web")) == {web, bridged}
    assert set(Session.objects.of_channel("instagram")) == {plain}


def test_an_agent_served_what_they_have_or_wrote_in():
    layla = make_agent("Layla")
    has, wrote, other = (
        make_session(assignee=layla),
        make_session(),
        make_session(assignee=make_agent("Omar")),
    )
    activity.add_message(wrote, sender="agent", text="Hello", agent=layla, by=API)
    assert set(Session.objects.served_by(layla)) == {has, wrote}
    assert other not in Session.objects.served_by(layla)


def test_tags_and_handoffs_filter():
    tagged, handed = make_session(tags=["vip"]), make_session()
    activity.hand_off(handed, reasons=["insufficient_tools", "prohibited_topic"], by=API)
    assert list(Session.objects.tagged("vip")) == [tagged]
    assert (
        list(Session.objects.handed_off())
        == list(Session.objects.handed_off_for("prohibited_topic"))
        == [handed]
    )
    assert list(Session.objects.handed_off(False)) == [tagged]


def test_fifty_rows_of_a_list_cost_as_many_queries_as_one(django_assert_num_queries):
    for _ in range(5):
        make_session(assignee=make_agent("Layla"), tags=["a"])
    with django_assert_num_queries(2):
        rows = [
            (row.contact.name, row.assignee.name, [tag.name for tag in row.tags.all()])
            for row in Session.objects.for_lists()
        ]
    assert rows == [("Nadia Berg", "Layla", ["a"])] * 5
