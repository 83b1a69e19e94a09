"""What a workflow may look at: the facts of a session as they are now."""

import pytest

from csat.people import brands
from csat.sessions import activity, tagging
from csat.surveys.answers import answering
from csat.workflows import facts
from tests.factories import API, make_agent, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


def look_up(collected, path):
    for name in path.split("."):
        collected = collected[name]
    return collected


def test_every_field_the_builder_offers_is_collected():
    collected = facts.collect(make_session(assignee=make_agent()))
    for field in facts.FIELDS:
        look_up(collected, field.path)


def paths(collected, prefix=""):
    """Every path that leads to a value."""
    for name, value in collected.items():
        if isinstance(value, dict) and not name.endswith("custom_data"):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_what_conditions_may_read_is_what_is_collected():
    session = make_session(assignee=make_agent())
    assert set(paths(facts.collect(session))) == facts.NAMES | set(facts.ALIASES)


def test_the_brand_is_a_slug():
    brands.create(by=API, slug="zebra", name="Zebra")
    assert facts.collect(make_session())["session"]["brand"] == "default"
    assert facts.collect(make_session(**brands.named("zebra")))["session"]["brand"] == "zebra"


def test_short_names_mean_the_rating():
    survey = make_sent_survey()
    answering.answer(survey, score=2, source="page", comment="Slow")
    collected = facts.collect(survey.session)
    assert {name: collected[name] for name in facts.ALIASES} == {
        name: look_up(collected, path) for name, path in facts.ALIASES.items()
    }


def test_what_is_missing_is_none_and_never_an_empty_word():
    collected = facts.collect(make_session("web", contact=make_contact(email="", phone="")))
    missing = ("contact.email", "contact.phone_number", "session.subject", "session.team", "csat.score")
    assert [look_up(collected, path) for path in missing] == [None] * len(missing)
    assert (collected["session"]["agent"], collected["csat"]["answered"]) == ({}, False)


def test_the_rating_is_there_with_its_words():
    survey = make_sent_survey()
    answering.answer(survey, score=2, source="page", comment="Slow", about="help")
    assert facts.collect(survey.session)["csat"] == {
        "answered": True, "score": 2, "comment": "Slow", "themes": [], "about": "help", "channel": "email",
        "source": "page",
        "state": "answered",
    }  # fmt: skip


def test_the_agent_is_whoever_resolved_it_else_the_assignee():
    layla, omar = make_agent("Layla"), make_agent("Omar")
    session = make_session(assignee=layla)
    assert facts.collect(session)["session"]["agent"]["name"] == "Layla"
    session.change(resolver=omar)
    collected = facts.collect(session.again())["session"]
    assert (collected["agent"]["name"], collected["assignee"]["name"]) == ("Omar", "Layla")


def test_tags_and_reasons_of_handoffs_are_lists():
    session = make_session()
    tagging.tag(session, ["vip", "late"], by=API)
    activity.hand_off(session, reasons=["user_requested_human_assistance"], by=API)
    collected = facts.collect(session.again())["session"]
    assert sorted(collected["tags"]) == ["late", "vip"]
    assert (collected["handed_off"], collected["handoff_reasons"]) == (
        True,
        ["user_requested_human_assistance"],
    )
