"""Answers are kept for ever; the latest accepted one is the score."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat import signals
from csat.lib.refusal import Invalid
from csat.sessions import activity, resolving
from csat.sessions.models import Session
from csat.surveys.answers import answering, comment_wait, follow_ups
from csat.surveys.delivery import scheduling
from csat.surveys.models import FollowUp, Score
from csat.timeline import dispatching
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    return make_sent_survey()


def told():
    return list(Event.objects.filter(kind="csat.submitted").order_by("id"))


def waiting():
    return [
        event for event in told() if event.dispatched_at is None and event.dispatch_after > timezone.now()
    ]


class TestTheScore:
    def test_is_the_answer(self, survey):
        answer = answering.answer(survey, score=4, source="page", comment="Quick, thanks", about="help")
        score = Score.objects.get()
        assert (score.answer, score.score, score.comment, score.about, score.source) == (
            answer,
            4,
            "Quick, thanks",
            "help",
            "page",
        )
        assert (survey.again().state, score.session, score.channel) == ("answered", survey.session, "email")

    def test_speaks_of_the_assignee_until_somebody_resolves_it(self):
        layla, omar = make_agent("Layla"), make_agent("Omar")
        session = make_session("email", assignee=layla)
        answering.answer(scheduling.get_or_create_survey(session), score=4, source="api")
        assert Score.objects.get().agent == layla
        activity.assign(session, omar, by=API)
        resolving.resolve(session, by=API)
        assert Score.objects.get().agent == omar

    def test_is_replaced_by_the_latest_and_the_history_stays(self, survey):
        first = answering.answer(survey, score=2, source="page")
        born = Score.objects.get().created_at
        answering.answer(survey, score=5, source="email")
        score = Score.objects.get()
        assert (score.score, score.answer.revision, score.created_at) == (5, 2, born)
        assert list(survey.answers.values_list("score", flat=True)) == [2, 5]
        assert first.again().score == 2

    def test_credits_whoever_resolved(self):
        layla = make_agent("Layla")
        survey = make_sent_survey(assignee=layla)
        Session.objects.filter(pk=survey.session_id).update(assignee=None)
        answering.answer(survey, score=4, source="page")
        assert Score.objects.get().agent == layla

    def test_makes_the_session_count_as_changed(self, survey, time_machine):
        before = survey.session.again().updated_at
        time_machine.move_to(timezone.now() + timedelta(minutes=1))
        answering.answer(survey, score=4, source="page")
        assert survey.session.again().updated_at > before

    @pytest.mark.parametrize("state", ["skipped", "failed", "expired", "cancelled", "scheduled"])
    def test_is_taken_in_any_state(self, survey, state):
        survey.change(state=state)
        answering.answer(survey, score=3, source="staff")
        assert survey.again().state == "answered"

    def test_needs_no_request(self):
        survey = scheduling.get_or_create_survey(make_session())
        answering.answer(survey, score=3, source="api")
        assert (survey.again().state, survey.again().requested_at) == ("answered", None)

    @pytest.mark.parametrize("score", [0, 6, -1, True, "5", None, 4.0])
    def test_is_one_to_five(self, survey, score):
        with pytest.raises(Invalid):
            answering.answer(survey, score=score, source="page")
        assert survey.answers.count() == 0

    @pytest.mark.parametrize("wrong", [{"source": "pigeon"}, {"about": "weather"}, {"comment": "x" * 5001}])
    def test_what_cannot_be_kept_is_invalid(self, survey, wrong):
        with pytest.raises(Invalid) as invalid:
            answering.answer(survey, **({"score": 3, "source": "page"} | wrong))
        assert list(invalid.value.fields) == list(wrong)


class TestTheEvent:
    def test_has_the_contracts_fields(self, survey):
        answering.answer(survey, score=2, source="page", comment="Slow", about="product")
        answering.answer(survey, score=5, source="page")
        first, second = (event.data for event in told())
        assert first | {"answer_id": 0, "score_id": 0, "created_at": 0, "updated_at": 0} == {
            "survey_id": str(survey.uuid), "channel": "email", "score": 2, "label": "Poor", "emoji": "😞",
            "comment": "Slow",
            "about": "product", "source": "page", "revision": 1, "previous_score": None, "score_id": 0,
            "answer_id": 0,
            "created_at": 0, "updated_at": 0,
        }  # fmt: skip
        assert (second["score"], second["revision"], second["previous_score"], second["score_id"]) == (
            5,
            2,
            2,
            first["score_id"],
        )

    def test_is_the_customers(self, survey):
        answering.answer(survey, score=5, source="page")
        assert (told()[0].actor_kind, told()[0].actor_name, told()[0].contact_id) == (
            "contact",
            "Nadia Berg",
            survey.contact_id,
        )

    def test_may_be_anothers(self, survey):
        answering.answer(survey, score=5, source="api", by=API)
        assert told()[0].actor_kind == "api"

    def test_the_public_signal_follows_when_it_is_told(self, survey, django_capture_on_commit_callbacks):
        heard = []

        def hear(event, **_):
            heard.append(event.data["score"])

        signals.csat_submitted.connect(hear)
        answering.answer(survey, score=5, source="page")
        with django_capture_on_commit_callbacks(execute=True):
            dispatching.fan_out()
        signals.csat_submitted.disconnect(hear)
        assert heard == [5]


class TestALowScoreWaitsForItsComment:
    def test_two_minutes_and_shows_at_once(self, survey):
        answering.answer(survey, score=1, source="page", await_comment=True)
        assert Score.objects.get().score == 1
        left = waiting()[0].dispatch_after - timezone.now()
        assert timedelta(seconds=115) < left <= timedelta(seconds=120)

    @pytest.mark.parametrize(("score", "comment"), [(3, ""), (5, ""), (1, "It broke")])
    def test_nothing_else_waits(self, survey, score, comment):
        answering.answer(survey, score=score, comment=comment, source="page", await_comment=True)
        assert waiting() == []

    def test_a_comment_joins_and_is_told_as_one(self, survey):
        answer = answering.answer(survey, score=1, source="page", await_comment=True)
        answering.add_comment(answer, comment="It broke", about="product")
        assert waiting() == []
        assert [(e.data["score"], e.data["comment"], e.data["about"]) for e in told()] == [
            (1, "It broke", "product")
        ]
        assert (Score.objects.get().comment, survey.answers.get().comment) == ("It broke", "It broke")

    def test_a_skip_lets_it_go(self, survey):
        answer = answering.answer(survey, score=1, source="page", await_comment=True)
        assert comment_wait.publish_now(answer)
        assert not comment_wait.publish_now(answer)
        assert waiting() == []
        assert dispatching.fan_out() >= 1

    def test_the_sweep_lets_it_go_after_two_minutes(self, survey, time_machine):
        answering.answer(survey, score=1, source="page", await_comment=True)
        dispatching.fan_out()
        assert told()[0].dispatched_at is None
        time_machine.move_to(timezone.now() + timedelta(seconds=121))
        dispatching.fan_out()
        assert told()[0].dispatched_at

    def test_a_comment_after_it_was_told_is_the_next_revision(self, survey, time_machine):
        answer = answering.answer(survey, score=1, source="page", await_comment=True)
        time_machine.move_to(timezone.now() + timedelta(seconds=121))
        dispatching.fan_out()
        later = answering.add_comment(answer, comment="It broke")
        assert (later.revision, later.score, later.comment) == (2, 1, "It broke")
        assert [event.data["comment"] for event in told()] == ["", "It broke"]
        assert answer.again().comment == ""

    def test_a_comment_sent_twice_counts_once(self, survey):
        answer = answering.answer(survey, score=1, source="page", await_comment=True)
        answering.add_comment(answer, comment="It broke")
        dispatching.fan_out()
        answering.add_comment(answer, comment="It broke")
        assert survey.answers.count() == 1

    def test_another_rating_lets_the_first_one_go_first(self, survey):
        answering.answer(survey, score=1, source="page", await_comment=True)
        answering.answer(survey, score=4, source="page", await_comment=True)
        assert waiting() == []
        first, second = told()
        assert first.dispatch_after <= second.dispatch_after

    def test_a_late_comment_does_not_bring_an_old_rating_back(self, survey):
        answer = answering.answer(survey, score=1, source="page", await_comment=True)
        answering.answer(survey, score=4, source="page")
        dispatching.fan_out()
        answering.add_comment(answer, comment="It broke at first")
        assert (Score.objects.get().score, Score.objects.get().comment) == (4, "It broke at first")


class TestQuarantine:
    def test_keeps_the_answer_and_tells_nobody(self, survey):
        answer = answering.answer(survey, score=1, source="page", quarantine="no_nonce")
        assert (answer.state, answer.reason, survey.again().state) == ("quarantined", "no_nonce", "sent")
        assert (Score.objects.count(), told(), follow_ups.is_open(survey.session)) == (0, [], False)

    def test_does_not_touch_the_score_there_is(self, survey):
        answering.answer(survey, score=5, source="page")
        answering.answer(survey, score=1, source="page", quarantine="no_nonce")
        assert Score.objects.get().score == 5

    def test_a_comment_joins_it_quietly(self, survey):
        answer = answering.answer(survey, score=1, source="page", quarantine="no_nonce", await_comment=True)
        answering.add_comment(answer, comment="It broke")
        assert (answer.again().comment, told()) == ("It broke", [])

    def test_restored_it_is_the_score_when_it_is_the_newest(self, survey):
        answering.answer(survey, score=5, source="page")
        answer = answering.answer(survey, score=1, source="page", quarantine="no_nonce")
        assert answering.restore(answer, by=API)
        assert Score.objects.get().score == 1
        assert [event.data["score"] for event in told()] == [5, 1]

    def test_restored_it_does_not_replace_a_newer_one(self, survey):
        answer = answering.answer(survey, score=1, source="page", quarantine="no_nonce")
        answering.answer(survey, score=5, source="page")
        assert answering.restore(answer, by=API)
        assert (answer.again().state, Score.objects.get().score, len(told())) == ("accepted", 5, 1)

    def test_it_is_restored_once(self, survey):
        answer = answering.answer(survey, score=1, source="page", quarantine="no_nonce")
        assert [answering.restore(answer, by=API), answering.restore(answer, by=API)] == [True, False]
        assert Event.objects.filter(kind="audit", data__what="answer.restored").count() == 1


class TestFollowUp:
    @pytest.mark.parametrize(("score", "needs"), [(1, True), (2, True), (3, False), (5, False)])
    def test_a_low_score_needs_one(self, survey, score, needs):
        answering.answer(survey, score=score, source="page")
        assert follow_ups.is_open(survey.session) is needs

    def test_it_is_taken_noted_and_done(self, survey, agent_user):
        answering.answer(survey, score=1, source="page")
        follow_ups.assign_to(survey.session, agent_user)
        follow_ups.save_note(survey.session, agent_user, "Called, sent a new one.")
        follow_up = follow_ups.mark_done(survey.session, agent_user)
        assert (follow_up.owner, follow_up.note, follow_ups.is_open(survey.session)) == (
            agent_user,
            "Called, sent a new one.",
            False,
        )
        assert [
            event.data["what"] for event in Event.objects.filter(kind="csat.follow_up").order_by("id")
        ] == ["taken", "noted", "done"]

    def test_a_better_rating_closes_what_nobody_had_begun(self, survey):
        answering.answer(survey, score=1, source="page")
        answering.answer(survey, score=5, source="page")
        assert not follow_ups.is_open(survey.session)

    def test_a_better_rating_leaves_it_to_whoever_took_it(self, survey, agent_user):
        answering.answer(survey, score=1, source="page")
        follow_ups.assign_to(survey.session, agent_user)
        answering.answer(survey, score=5, source="page")
        assert follow_ups.is_open(survey.session)
        assert FollowUp.objects.get().owner == agent_user

    def test_a_low_rating_after_done_opens_it_again(self, survey, agent_user):
        answering.answer(survey, score=1, source="page")
        follow_ups.mark_done(survey.session, agent_user)
        answering.answer(survey, score=2, source="page")
        assert follow_ups.is_open(survey.session)


class TestSayingTheSameAgainChangesNothing:
    """decidim#8504, glpi-project/glpi#15476, chatwoot#8813: a form sent again alarmed everybody again."""

    @pytest.mark.parametrize("source", ["page", "card", "sms", "whatsapp", "email", "slack", "api", "staff"])
    def test_by_whatever_door_it_comes(self, survey, source, time_machine):
        first = answering.answer(survey, score=2, source="page", comment="Slow", about="help")
        score, session = Score.objects.get(), survey.session.again()
        time_machine.move_to(timezone.now() + timedelta(minutes=1))
        again = answering.answer(survey, score=2, source=source, comment=" Slow ", about="help")
        assert (again, again.repeated, first.repeated) == (first, True, False)
        assert (len(told()), survey.answers.count()) == (1, 1)
        assert Score.objects.get().updated_at == score.updated_at
        assert survey.session.again().updated_at == session.updated_at

    @pytest.mark.parametrize("other", [{"score": 1}, {"comment": "Slow!"}, {"about": "product"}])
    def test_another_score_comment_or_topic_is_new(self, survey, other):
        same = {"score": 2, "comment": "Slow", "about": "help"}
        answering.answer(survey, source="page", **same)
        assert not answering.answer(survey, source="page", **same | other).repeated
        assert len(told()) == 2

    def test_what_stood_before_another_rating_is_new(self, survey):
        for score in (2, 4, 2):
            answering.answer(survey, score=score, source="api")
        assert [event.data["previous_score"] for event in told()] == [None, 2, 4]

    def test_what_is_quarantined_does_not_repeat_the_score(self, survey):
        answering.answer(survey, score=2, source="page")
        scanned = answering.answer(survey, score=2, source="page", quarantine="honeypot")
        assert (scanned.repeated, scanned.state) == (False, "quarantined")

    def test_a_follow_up_that_is_done_stays_done(self, survey):
        answering.answer(survey, score=2, source="api")
        FollowUp.objects.update(done_at=timezone.now())
        answering.answer(survey, score=2, source="api")
        assert FollowUp.objects.get().done_at

    def test_a_low_face_tapped_twice_still_waits_for_its_comment(self, survey):
        for _tap in range(2):
            answering.answer(survey, score=1, source="page", await_comment=True)
        assert (len(told()), len(waiting())) == (1, 1)

    def test_said_where_no_comment_can_follow_it_waits_no_longer(self, survey):
        answering.answer(survey, score=1, source="page", await_comment=True)
        answering.answer(survey, score=1, source="api")
        assert (len(told()), waiting()) == (1, [])
