"""The columns of an export: which, in which order, and as which text."""

from zoneinfo import ZoneInfo

import pytest

from csat.lib.refusal import Invalid
from csat.people.models import Team
from csat.reports import columns, targets
from csat.reports.filters import parse
from csat.surveys.answers import answering, follow_ups, second_look
from csat.surveys.delivery import staff_messages
from csat.surveys.models import Score, StaffMessage
from csat.surveys.rules import settings
from tests.factories import API, CUSTOMER, make_agent, make_contact, make_sent_survey


def test_columns_keep_their_order_whatever_was_asked_first() -> None:
    assert [c.name for c in columns.chosen(["CSAT Score", "Channel"])] == ["Channel", "CSAT Score"]
    assert columns.chosen([]) == columns.ALL


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(Invalid) as invalid:
        columns.chosen(["Channel", "Shoe Size"])
    assert invalid.value.fields == {"columns": ["Shoe Size"]}


@pytest.mark.django_db
class TestARow:
    def rows(self, *names, **asked):
        wanted = columns.chosen(names)
        return wanted, list(columns.rows(parse(asked), wanted))

    def test_says_who_was_asked_and_what_they_answered(self):
        survey = make_sent_survey(contact=make_contact(name="Nadia Berg"), assignee=make_agent("Layla"))
        answering.answer(survey, score=4, source="page", comment="Quick")
        wanted, (row,) = self.rows("Contact Name", "Agent", "CSAT Score", "CSAT Label", "CSAT Comment")
        assert columns.cells(row, wanted) == ["Nadia Berg", "Layla", 4, "Good", "Quick"]

    def test_without_an_answer_its_cells_are_empty(self):
        make_sent_survey()
        wanted, (row,) = self.rows("Agent", "CSAT Score", "CSAT Label", "CSAT Comment", "Handoff Reasons")
        assert columns.csv_row(row, wanted, ZoneInfo("UTC")) == ["", "", "", "", ""]

    def test_the_target_is_that_of_the_team_else_of_the_channel_else_of_the_organisation(self, admin_user):
        care, sales = Team.objects.create(name="Care"), Team.objects.create(name="Sales")
        for channel, team in (("email", care), ("email", None), ("sms", sales)):
            make_sent_survey(channel, team=team)
        assert self.rows("CSAT Target %")[1] == [(None,)] * 3
        targets.set_target(percent=80, by=admin_user)
        targets.set_target(percent=85, by=admin_user, channel="sms")
        targets.set_target(percent=90, by=admin_user, team=care)
        assert self.rows("CSAT Target %")[1] == [(85,), (80,), (90,)]
        wanted = columns.chosen(["CSAT Target %"])
        told_to_a_lead = list(columns.rows(parse({}, scope=(care.pk, sales.pk)), wanted))
        assert told_to_a_lead == [(None,), (90,)]

    def test_words_that_look_like_a_formula_are_guarded_in_a_file(self):
        answering.answer(make_sent_survey(), score=4, source="page", comment="=1+1")
        wanted, (row,) = self.rows("CSAT Comment")
        assert columns.csv_row(row, wanted, ZoneInfo("UTC")) == ["'=1+1"]

    def test_the_newest_comes_first_and_filters_hold(self):
        for channel in ("sms", "email"):
            make_sent_survey(channel)
        assert self.rows("Channel")[1] == [("email",), ("sms",)]
        assert self.rows("Channel", channel="sms")[1] == [("sms",)]

    def test_a_quarantined_answer_is_told_only_where_it_counts(self):
        answering.answer(make_sent_survey(), score=1, source="page", quarantine="no_nonce")
        assert self.rows("CSAT Score")[1] == [(None,)]
        assert self.rows("CSAT Score", quarantined="1")[1] == [(1,)]

    def test_they_say_what_became_of_a_low_score(self, manager_user):
        names = columns.NAMES[-5:]
        settings.change(by=API, reopen_by_customer=True, reopen_within_hours=5)
        survey = make_sent_survey()
        answering.answer(survey, score=1, source="page")
        second_look.ask_for(survey, by=CUSTOMER)
        follow_up = survey.session.follow_up
        wanted, (row,) = self.rows(*names)
        score = Score.objects.get()
        assert columns.cells(row, wanted) == [score.reopened_at, follow_up.due_at, None, None, None]
        staff_messages.write(survey.session, "It works", by=manager_user)
        staff_messages.send_due()
        follow_ups.mark_done(survey.session, manager_user)
        answering.answer(survey, score=4, source="page")
        wanted, (row,) = self.rows(*names)
        done_at, told_at = follow_up.again().done_at, StaffMessage.objects.get().sent_at
        assert columns.cells(row, wanted)[2:] == [done_at, told_at, Score.objects.get().submitted_at]

    def test_of_a_good_one_nothing_became(self):
        survey = make_sent_survey()
        answering.answer(survey, score=4, source="page")
        answering.answer(survey, score=5, source="page")
        wanted, (row,) = self.rows(*columns.NAMES[-5:])
        assert columns.csv_row(row, wanted, ZoneInfo("UTC")) == [""] * 5
