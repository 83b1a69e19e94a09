"""The present, by the real verbs: conversations that wait to be resolved, some just rated, and who looks
after the unhappy.
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels.kinds import Channel
from csat.management.demo import integrations
from csat.management.demo.cast import Cast
from csat.management.demo.past import actor
from csat.people import roles, suppression
from csat.people.demo import LOGINS
from csat.people.models import Agent, Contact
from csat.sessions import activity, intake, resolving
from csat.sessions.models import Session
from csat.surveys.answers import answering, follow_ups
from csat.surveys.delivery import sending
from csat.surveys.models import Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

SCANNED = (4, 3, 5)  # the first stays, the others are quarantined
HELPDESK = Actor(ActorKind.INTEGRATION, "helpdesk", "Helpdesk")


def play(cast: Cast) -> None:
    """Call it with auto-send on and no delay: what is resolved here is asked at once."""
    integrations.begin()
    _rated(cast)
    _waiting(cast)
    _looked_after()
    _made_good()
    integrations.connect(cast)
    sending.send_due()
    integrations.run()


def _rated(cast: Cast) -> None:
    """A few that were just resolved; their surveys are in the Outbox, and two are answered. Of a third, a mail
    gateway opened every face.
    """
    sam, priya = cast.of_team("Support")[0], cast.of_team("Billing")[0]
    told = [
        _talk(cast.customers["en"][1], "email", sam, "Gift card not accepted",
              ("My gift card is refused at checkout.", "It was not activated; it is now. Please try again.")),
        _talk(cast.customers["de"][0], "sms", sam, "", ("Wann öffnet der Laden heute?", "Heute bis 20 Uhr.")),
        _talk(cast.customers["es"][0], "whatsapp", priya, "", ("¿Me puede enviar la factura?",
        "Enviada. ¿Algo más?")),
        _talk(cast.customers["fr"][0], "web_voice", priya, "",
              ("Je n'arrive pas à payer.", "Votre carte a expiré ; vous pouvez la changer sous Compte.")),
        _talk(cast.customers["en"][9], "slack", sam, "", ("Is the new export in our plan?",
        "It is, since this week: Reports, then Export."), slack_channel="C0ACME0DEMO",
        thread_ts=f"{timezone.now().timestamp():.6f}"),
    ]  # fmt: skip
    for session in told:
        assert session.assignee
        resolving.resolve(session, by=actor(session.assignee))
    sending.send_due()
    surveys = {survey.session_id: survey for survey in Survey.objects.filter(session__in=told)}
    answering.answer(
        surveys[told[0].pk], score=5, source="page", comment="Fixed while I was still typing. Thank you!"
    )
    for score in SCANNED:
        view = {"view": f"opened by a mail gateway: {score}"}
        answering.answer(surveys[told[1].pk], score=score, source="page", provenance=view)
    answering.answer(surveys[told[2].pk], score=2, source="page", comment="Tuve que pedirla tres veces.")


def _waiting(cast: Cast) -> None:
    """Open ones: resolve one of them in the inbox and look at the Outbox."""
    support = cast.of_team("Support")
    _talk(cast.customers["en"][0], "email", support[0], "Where is my order A-20871?",
          ("It should have been here on Tuesday.",
          "It is with the courier and comes today before noon."))  # fmt: skip
    chat = _talk(cast.customers["en"][4], "web", None, "", ("Can I pay by invoice?",))
    activity.add_message(
        chat,
        sender="ai",
        text="Companies can. Shall I connect you with Billing?",
        by=actor(cast.ai),
        agent=cast.ai,
    )
    activity.hand_off(
        chat,
        reasons=["user_requested_human_assistance"],
        summary="Wants to pay by invoice",
        by=actor(cast.ai),
    )
    activity.assign(chat, cast.of_team("Billing")[0], by=actor(cast.ai))
    _talk(
        cast.customers["pt-br"][0],
        "whatsapp",
        support[1],
        "",
        ("Meu cupom expirou ontem, dá para usar?", "Dá sim, renovei por mais uma semana."),
    )
    leaving = cast.customers["nl"][1]
    if leaving.opted_out_at is None:
        suppression.opt_out(leaving, by=Actor(ActorKind.CONTACT, str(leaving.uuid), leaving.name))


def _talk(
    contact: Contact,
    channel: str,
    agent: Agent | None,
    subject: str,
    lines: tuple[str, ...],
    slack_channel: str = "",
    thread_ts: str = "",
) -> Session:
    began = timezone.now() - timedelta(minutes=4 * len(lines) + 5)
    session, _made = intake.start(
        contact=contact, channel=channel, by=HELPDESK, subject=subject, assignee=agent,
        team=agent.team if agent else None,
        language=contact.language, created_at=began,
        slack_channel=slack_channel, thread_ts=thread_ts,
    )  # fmt: skip
    customer = Actor(ActorKind.CONTACT, str(contact.uuid), contact.name)
    for index, text in enumerate(lines):
        at = began + timedelta(minutes=4 * index)
        if index % 2 and agent:
            activity.add_message(session, sender="agent", text=text, by=actor(agent), agent=agent, sent_at=at)
        else:
            activity.add_message(session, sender="contact", text=text, by=customer, sent_at=at)
    return session


def _looked_after() -> None:
    """Of the unhappy customers, some are looked after already."""
    sam = User.objects.get(username=LOGINS[roles.AGENT])
    unhappy = list(Session.objects.filter(follow_up__isnull=False).order_by("pk"))
    for index, session in enumerate(unhappy[:-3]):
        follow_ups.assign_to(session, sam)
        if index % 2 == 0:
            follow_ups.save_note(session, sam, "Called back and apologised; sent a voucher.")
            follow_ups.mark_done(session, sam)


def _made_good() -> None:
    """Three who were unhappy were taken up again: one is happy now, one was asked again, one still waits for
    help.
    """
    written = [Channel.EMAIL, Channel.SMS, Channel.WHATSAPP]
    unhappy = list(
        Session.objects.filter(follow_up__done_at__isnull=False, channel__in=written)
        .select_related("contact")
        .order_by("-pk")[:3]
    )
    for index, session in enumerate(unhappy):
        by = actor(session.resolver) if session.resolver else HELPDESK
        resolving.reopen(session, by=by)
        customer = Actor(ActorKind.CONTACT, str(session.contact.uuid), session.contact.name)
        activity.add_message(session, sender="contact", text="Thank you for calling back.", by=customer)
        if index < 2:
            resolving.resolve(session, by=by)
    sending.send_due()
    for session in unhappy[:1]:
        answering.answer(
            Survey.objects.get(session=session),
            score=5,
            source="page",
            comment="All settled in one call. Thank you!",
        )
