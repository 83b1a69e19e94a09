"""Steps on the conversation itself."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import notices
from csat.lib.refusal import Invalid
from csat.people import agents
from csat.people.models import Agent
from csat.sessions import conversing, resolving
from csat.workflows import wording
from csat.workflows.actions.base import Action, Context, Param

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
        via = notices.to_customer(
            context.session.surveyed_as,
            context.session.reach,
            text=text,
            subject=context.session.subject,
            token=context.token,
            again=context.step.interrupted,
        )
        conversing.add_message(context.session, sender="ai", text=text, by=context.by)
        return {"text": text, "via": via}


def agent_choices() -> list[tuple[str, str]]:
    """For the builder: every agent with an email."""
    return [(agent.email, str(agent)) for agent in Agent.objects.exclude(email="")]
