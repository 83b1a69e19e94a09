"""Steps on the conversation itself."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import notices, whatsapp
from csat.channels.kinds import Channel
from csat.lib import locks
from csat.lib.outcomes import Retry
from csat.lib.refusal import Invalid, Refused
from csat.people import agents
from csat.people.models import Agent
from csat.sessions import conversing, resolving
from csat.sessions.models import Session
from csat.workflows import wording
from csat.workflows.actions.base import Action, Context, Param, Wait
from csat.workflows.models import Step

LOOK_BACK = timedelta(days=1)
PLACEHOLDERS = gettext_lazy("You can use {csat_link} {score} {comment} {contact_name} {agent_name} {ticket_number}.")


class ReopenSession(Action):
    type = "reopen_session"
    label = gettext_lazy("Reopen the session")
    help = gettext_lazy("Puts the conversation back into the inbox as open.")

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        return {"reopened": resolving.reopen(context.session, by=context.by)}


class AddTag(Action):
    type = "add_tag"
    label = gettext_lazy("Add a tag")
    params = (Param("tag", gettext_lazy("Tag")),)

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Add the tag “%(tag)s”") % {"tag": params.get("tag", "")}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        conversing.tag(context.session, [params["tag"]], by=context.by)
        return {"tag": params["tag"]}


class Assign(Action):
    type = "assign"
    label = gettext_lazy("Assign")
    params = (
        Param("agent", gettext_lazy("Agent's email"), "agent", required=False),
        Param("team", gettext_lazy("Team"), "team", required=False),
    )

    def problems(self, params: dict[str, Any]) -> list[str]:
        return [] if params.get("agent") or params.get("team") else [_("Name an agent or a team.")]

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Assign to %(who)s") % {"who": params.get("agent") or params.get("team") or "…"}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("team"):
            conversing.change(context.session, by=context.by, team=agents.team(params["team"]))
        if params.get("agent"):
            agent = Agent.objects.filter(email__iexact=params["agent"]).first()
            if agent is None:
                raise Invalid(_("There is no agent with the email %(email)s.") % {"email": params["agent"]})
            conversing.assign(context.session, agent, by=context.by)
        return {"agent": params.get("agent"), "team": params.get("team")}


class Note(Action):
    type = "note"
    label = gettext_lazy("Write a note")
    params = (Param("text", gettext_lazy("Note"), "area", help=PLACEHOLDERS),)

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Write the note “%(text)s”") % {"text": wording.short(params.get("text", ""))}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        text = wording.filled(params["text"], context.values)
        conversing.note(context.session, text, by=context.by)
        return {"text": text}


class SendMessage(Action):
    type = "send_message"
    label = gettext_lazy("Send a message")
    help = gettext_lazy("Writes to the customer on the conversation's channel.")
    outside = True
    params = (Param("text", gettext_lazy("Message"), "area", help=PLACEHOLDERS),)

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Write to the customer: “%(text)s”") % {"text": wording.short(params.get("text", ""))}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        text = wording.filled(params["text"], context.values)
        session, step = context.session, context.step
        if session.surveyed_as == Channel.WHATSAPP and not _window_is_open(session):
            raise Refused(_("WhatsApp takes our own words only within 24 hours of the customer's last message."))
        via, provider_id = notices.to_customer(
            session.surveyed_as,
            session.reach,
            text=text,
            subject=session.subject,
            token=context.token,
            since=step.created_at if step.interrupted else None,
            others=_sent_before(step),
        )
        return {"text": text, "via": via, "provider_id": provider_id}

    def tell(self, context: Context, output: dict[str, Any] | Wait) -> None:
        assert isinstance(output, dict)
        locks.hold([f"messages to {context.session.contact_id}"])
        if context.step.interrupted and output["provider_id"] in _sent_before(context.step):
            raise Retry("another step sent that message")  # both looked at once for the same words
        conversing.add_message(context.session, sender="ai", text=output["text"], by=context.by)


def _sent_before(step: Step) -> set[str]:
    """The provider's ids of what other steps wrote to this customer: two of them may have used the same words."""
    if not step.interrupted:
        return set()
    contact_id = step.run.session.contact_id if step.run.session else None
    near = Step.objects.filter(run__session__contact=contact_id, created_at__gte=step.created_at - LOOK_BACK)
    outputs = near.filter(type=SendMessage.type).exclude(pk=step.pk).values_list("output", flat=True)
    return {str(output["provider_id"]) for output in outputs if output.get("provider_id")}


def _window_is_open(session: Session) -> bool:
    last = session.last_customer_message_at
    return last is not None and timezone.now() - last < whatsapp.WINDOW


def agent_choices() -> list[tuple[str, str]]:
    """For the builder: every agent with an email."""
    return [(agent.email, str(agent)) for agent in Agent.objects.exclude(email="")]
