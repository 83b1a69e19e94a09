"""What a fact carries has a type: every kind its own, kept by all who write facts and by all who tell of
them.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone

from csat.api.serializers.messages import CONTENT
from csat.connectors import connections
from csat.people import audit_log, erasure, suppression
from csat.people.audit_actions import AuditAction
from csat.sessions import activity, resolving, tagging
from csat.surveys.answers import answering, comment_withdrawal, follow_ups, second_look
from csat.surveys.delivery import link_handouts, scheduling, transitions
from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import PAYLOADS
from csat.webhooks import payloads as bodies
from tests.factories import API, CUSTOMER, make_agent, make_resolved_session, make_sent_survey, make_session
from tests.workflows import builders


def misfits(events: Iterable[Event]) -> list[tuple[str, set[str], set[str]]]:
    """Kinds that carry something else than their type says, with what is lacking and what nobody knows of."""
    found = []
    for event in events:
        payload: Any = PAYLOADS[Kind(event.kind)]
        lacking, unknown = (
            payload.__required_keys__ - set(event.data),
            set(event.data) - set(payload.__annotations__),
        )
        if lacking or unknown:
            found.append((event.kind, lacking, unknown))
    return found


def test_every_kind_has_its_type() -> None:
    assert set(PAYLOADS) == set(Kind)


@pytest.mark.parametrize("table", [bodies.EVENT_FIELDS, CONTENT], ids=["webhooks", "history"])
def test_what_is_told_outside_is_what_a_fact_carries(table: dict[str, tuple[str, ...]]) -> None:
    for kind, names in table.items():
        assert set(names) <= set(PAYLOADS[Kind(kind)].__annotations__), kind


@pytest.mark.django_db
def test_every_fact_carries_what_its_type_says(manager_user: Any) -> None:
    builders.workflow(builders.block("add_tag", tag="seen"))
    builders.workflow(builders.block("send_message", text="Sorry"))
    make_resolved_session("whatsapp", messages=0)  # nobody may write there: that run fails
    survey = make_sent_survey("sms")
    session = survey.session
    answering.answer(survey, score=1, source="page", provenance={"user_name": "Ana"})
    follow_ups.assign_to(session, manager_user)
    follow_ups.save_note(session, manager_user, "Called back")
    follow_ups.mark_done(session, manager_user)
    transitions.fail_after_acceptance(make_sent_survey("email").deliveries.get(), CsatSettings.current())
    connections.pause(connections.add(kind="generic", by=API), reason="401", by=API)
    _talk()
    suppression.opt_out(session.contact, by=API)
    scheduling.request(make_session(contact=session.contact), origin="api", by=API)
    suppression.opt_in(session.contact, by=API)
    link_handouts.hand_out(session, by=API)
    link_handouts.copy(session, manager_user)
    _look_again()
    audit_log.audit(API, AuditAction.SETTINGS_CHANGED, after={"auto_send": True})
    builders.run_until_idle()
    erasure.erase(make_session().contact, by=API)
    assert misfits(Event.objects.all()) == []
    assert set(Kind) - set(Event.objects.values_list("kind", flat=True)) == {Kind.CSAT_DELIVERED}


def _look_again() -> None:
    """A low score is looked at again, too late, and its words are withdrawn."""
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="Never solved", source="page")
    second_look.ask_for(survey, by=CUSTOMER)
    survey.session.follow_up.again().change(due_at=timezone.now())
    follow_ups.mark_overdue()
    comment_withdrawal.withdraw(survey, by=CUSTOMER)


def _talk() -> None:
    session = make_session()
    activity.add_message(session, sender="agent", text="Hello", agent=make_agent("Layla"), by=API)
    activity.hand_off(session, reasons=["insufficient_tools"], by=API)
    activity.assign(session, make_agent("Omar"), by=API)
    activity.add_note(session, "Careful", by=API)
    tagging.tag(session, ["vip"], by=API)
    resolving.resolve(session, by=API)
    resolving.reopen(session, by=API)
    resolving.close(session, by=API)
    withdrawn = make_sent_survey("sms").session
    resolving.reopen(withdrawn, by=API)
