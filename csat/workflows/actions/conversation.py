"""Steps that change the conversation or write to the customer."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import notices, registry
from csat.channels.circuits import Way
from csat.lib import advisory_lock
from csat.lib.outcomes import Retry
from csat.lib.refusal import Invalid, Refused
from csat.lib.types import JsonObject
from csat.people import agents
from csat.people.models import Agent
from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.models import CsatSettings
from csat.workflows import phrases
from csat.workflows.actions.base import Action, Context, Param, Wait
from csat.workflows.models import Step

LOOK_BACK = timedelta(days=1)
PLACEHOLDERS = gettext_lazy(
    "You can use {csat_link} {score} {comment} {contact_name} {agent_name} {ticket_number}."
)


class ReopenSession(Action):
    type = "reopen_session"
    outputs = ("reopened",)
    label = gettext_lazy("Reopen the conversation")
    help = gettext_lazy("Puts the conversation back into the inbox as open.")

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        return {"reopened": resolving.reopen(context.session, by=context.by)}


class AddTag(Action):
    type = "add_tag"
    outputs = ("tag",)
    label = gettext_lazy("Add a tag")
    params = (Param("tag", gettext_lazy("Tag")),)

    def sentence(self, params: JsonObject) -> str:
        return _("Add the tag “%(tag)s”") % {"tag": params.get("tag", "")}

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        tagging.tag(context.session, [params["tag"]], by=context.by)
        return {"tag": params["tag"]}


class Assign(Action):
    type = "assign"
    outputs = ("agent", "team")
    label = gettext_lazy("Assign")
    params = (
        Param("agent", gettext_lazy("Agent's email"), "agent", required=False),
        Param("team", gettext_lazy("Team"), "team", required=False),
    )

    def problems(self, params: JsonObject) -> list[str]:
        return [] if params.get("agent") or params.get("team") else [_("Name an agent or a team.")]

    def sentence(self, params: JsonObject) -> str:
        return _("Assign to %(who)s") % {"who": params.get("agent") or params.get("team") or "…"}

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        if params.get("team"):
            activity.update(context.session, by=context.by, team=agents.find_or_create_team(params["team"]))
        if params.get("agent"):
            agent = Agent.objects.filter(email__iexact=params["agent"]).first()
            if agent is None:
                raise Invalid(_("There is no agent with the email %(email)s.") % {"email": params["agent"]})
            activity.assign(context.session, agent, by=context.by)
        return {"agent": params.get("agent"), "team": params.get("team")}


class Note(Action):
    type = "note"
    outputs = ("text",)
    label = gettext_lazy("Write a note")
    params = (Param("text", gettext_lazy("Note"), "area", help=PLACEHOLDERS),)

    def sentence(self, params: JsonObject) -> str:
        return _("Write the note “%(text)s”") % {"text": phrases.shorten(params.get("text", ""))}

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        text = kept_links.hide(phrases.fill(params["text"], context.values))
        activity.add_note(context.session, text, by=context.by)
        return {"text": text}


class SendMessage(Action):
    type = "send_message"
    outputs = ("text", "via", "provider_id")
    label = gettext_lazy("Send a message")
    help = gettext_lazy("Writes to the customer on the conversation's channel.")
    outside = True
    params = (Param("text", gettext_lazy("Message"), "area", help=PLACEHOLDERS),)

    def sentence(self, params: JsonObject) -> str:
        return _("Write to the customer: “%(text)s”") % {"text": phrases.shorten(params.get("text", ""))}

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        text = phrases.fill(params["text"], context.values)
        session, step = context.session, context.step
        channel = registry.find(session.surveyed_as)
        if channel and (refusal := channel.refuses_words(session.last_customer_message_at)):
            raise Refused(refusal)
        via, provider_id = notices.to_customer(
            session.surveyed_as,
            session.addresses,
            brand=CsatSettings.current().brand_of(session),
            text=text,
            subject=session.subject,
            token=context.token,
            since=step.created_at if step.interrupted else None,
            others=_sent_before(step),
        )
        return {"text": kept_links.hide(text), "via": via, "provider_id": provider_id}

    def way(self, session: Session, params: JsonObject) -> Way | None:
        channel = registry.find(session.surveyed_as)
        return Way.of(registry.get(channel.speaks_as)) if channel and channel.speaks_as else None

    def record_effect(self, context: Context, output: JsonObject | Wait) -> None:
        assert isinstance(output, dict)
        advisory_lock.acquire([f"messages to {context.session.contact_id}"])
        # two steps with the same text may both have found this message
        if context.step.interrupted and output["provider_id"] in _sent_before(context.step):
            raise Retry("another step sent that message")
        activity.add_message(context.session, sender="ai", text=output["text"], by=context.by)


def _sent_before(step: Step) -> set[str]:
    """Provider ids of messages other steps sent to this customer: their text may be the same as ours."""
    if not step.interrupted:
        return set()
    contact_id = step.run.session.contact_id if step.run.session else None
    recent = Step.objects.filter(
        run__session__contact=contact_id, created_at__gte=step.created_at - LOOK_BACK
    )
    outputs = recent.filter(type=SendMessage.type).exclude(pk=step.pk).values_list("output", flat=True)
    return {str(output["provider_id"]) for output in outputs if output.get("provider_id")}


def agent_choices() -> list[tuple[str, str]]:
    """Every agent with an email, for the builder."""
    return [(agent.email, str(agent)) for agent in Agent.objects.exclude(email="")]
