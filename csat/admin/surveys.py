"""Surveys with their gates and deliveries, answers, scores, links and follow-ups."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from csat.admin.filters import Set
from csat.admin.seeing import SeenFacts, SeenInline
from csat.admin.tables import Facts, FactsInline, actor, page_of
from csat.admin.verbs import each
from csat.channels import faces
from csat.lib.refusal import Refused
from csat.sessions.models import Session
from csat.surveys import answering, explaining, links, scheduling
from csat.surveys.models import Answer, Delivery, Link, Origin, Score, Survey
from csat.timeline.recording import Actor

FORM = "admin/csat/change_form.html"


def face(score: int | None) -> str:
    return f"{faces.BY_SCORE[score].emoji} {score}" if score else "–"


class DeliveryInline(FactsInline):
    model = Delivery
    fields = ["channel", "medium", "address", "transport", "reason", "state", "attempt", "sent_at", "delivered_at", "shown_at", "error"]
    ordering = ["id"]


class AnswerInline(SeenInline):
    model = Answer
    scored = "survey__score__"
    fields = ["revision", "score", "comment", "about", "source", "state", "reason", "created_at"]


@admin.register(Survey)
class SurveyAdmin(Facts):
    change_form_template = FORM
    list_display = ["session", "contact", "channel", "state", "origin", "skipped_by", "requested_at", "delivered_via", "answered_at"]
    list_filter = ["state", "channel", "origin", "skipped_by", "language"]
    list_select_related = ["session", "contact"]
    search_fields = ["=session__id", "=uuid"]
    search_help_text = _("Ticket number")
    date_hierarchy = "requested_at"
    ordering = ["-id"]
    inlines = [DeliveryInline, AnswerInline]
    actions = ["send"]
    fieldsets = [
        (None, {"fields": ["session_page", "contact_page", "channel", "language", "state", "origin", "request", "message"]}),
        (_("Why was or wasn't this customer asked?"), {"fields": ["why"]}),
        (_("Times"), {"fields": [
            "scheduled_for", "requested_at", "delivered_at", "delivered_via", "answered_at", "remind_at", "expires_at",
        ]}),
    ]  # fmt: skip
    readonly_fields = ["session_page", "contact_page", "why"]

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("csat.change_session")

    @admin.display(description=_("session"))
    def session_page(self, survey: Survey) -> SafeString | str:
        return page_of(survey.session)

    @admin.display(description=_("contact"))
    def contact_page(self, survey: Survey) -> SafeString | str:
        return page_of(survey.contact)

    @admin.display(description=_("gates"))
    def why(self, survey: Survey) -> SafeString:
        return render_to_string("admin/csat/gates.html", {"gates": explaining.explain(survey)})

    @admin.action(description=_("Send survey"), permissions=["act"])
    def send(self, request: HttpRequest, rows: QuerySet[Survey]) -> None:
        each(request, rows, lambda row: ask(row.session, by=actor(request)), done=asked)


def ask(session: Session, *, by: Actor) -> Survey:
    """Ask by hand. Raises Refused with the gate's words when the survey came back skipped."""
    survey = scheduling.request(session, origin=Origin.MANUAL, by=by)
    if no := explaining.decisive(survey):
        raise Refused(no.text)
    return survey


def asked(number: int) -> str | Promise:
    return ngettext("%(number)d survey asked for.", "%(number)d surveys asked for.", number) % {"number": number}


@admin.register(Delivery)
class DeliveryAdmin(Facts):
    list_display = [
        "id",
        "survey",
        "channel",
        "medium",
        "address",
        "state",
        "reason",
        "attempt",
        "next_try",
        "sent_at",
        "delivered_at",
        "error",
    ]
    list_filter = ["state", "channel", "medium", "transport", "reason", "error_code"]
    list_select_related = ["survey"]
    search_fields = ["address", "=provider_id", "=survey__session__id"]
    search_help_text = _("Address, the provider's id or ticket number")
    date_hierarchy = "sent_at"
    ordering = ["-id"]
    fields = [
        "survey_page", "request", "channel", "medium", "address", "transport", "reason", "origin", "state", "attempt", "next_try",
        "lease_until", "uncertain_since", "provider_id", "error", "error_code", "sent_at", "delivered_at", "opened_at", "shown_at",
        "failed_at", "raw",
    ]  # fmt: skip
    readonly_fields = ["survey_page"]

    @admin.display(description=_("survey"))
    def survey_page(self, delivery: Delivery) -> SafeString | str:
        return page_of(delivery.survey)


@admin.register(Answer)
class AnswerAdmin(SeenFacts):
    change_form_template = FORM
    scored = "survey__score__"
    list_display = ["session", "revision", "rating", "comment", "source", "state", "reason", "created_at"]
    list_filter = ["state", "score", "source", "about", "reason"]
    list_select_related = ["survey"]
    search_fields = ["=survey__session__id", "comment"]
    date_hierarchy = "created_at"
    ordering = ["-id"]
    fields = ["survey", "revision", "score", "comment", "about", "source", "state", "reason", "provenance", "created_at"]
    actions = ["restore"]

    @admin.display(description=_("session"))
    def session(self, answer: Answer) -> str:
        return f"#{answer.survey.session_id}"

    @admin.display(description=_("score"), ordering="score")
    def rating(self, answer: Answer) -> str:
        return face(answer.score)

    @admin.action(description=_("Restore from quarantine"), permissions=["act"])
    def restore(self, request: HttpRequest, rows: QuerySet[Answer]) -> None:
        each(request, rows, lambda row: answering.restore(row, by=actor(request)), done=_restored, already=gettext("is not in quarantine"))


def _restored(number: int) -> str | Promise:
    return ngettext("%(number)d answer restored.", "%(number)d answers restored.", number) % {"number": number}


@admin.register(Score)
class ScoreAdmin(SeenFacts):
    list_display = ["session", "rating", "comment", "contact", "agent", "channel", "source", "submitted_at"]
    list_filter = ["score", "channel", "source", "about"]
    list_select_related = ["session", "contact", "agent"]
    search_fields = ["=session__id", "comment"]
    date_hierarchy = "submitted_at"
    ordering = ["-submitted_at"]
    fields = ["session", "score", "comment", "about", "contact", "agent", "channel", "source", "submitted_at", "created_at"]

    @admin.display(description=_("score"), ordering="score")
    def rating(self, score: Score) -> str:
        return face(score.score)


@admin.register(Link)
class LinkAdmin(Facts):
    """The token is nowhere: it is made again from the row and its key."""

    change_form_template = FORM
    list_display = ["purpose", "subject", "version", "expires_at", "revoked_at", "created_at"]
    list_filter = ["purpose", ("revoked_at", Set)]
    list_select_related = ["survey", "session", "contact"]
    search_fields = ["=survey__session__id", "=session__id"]
    search_help_text = _("Ticket number")
    ordering = ["-id"]
    fields = ["purpose", "subject", "version", "key_id", "expires_at", "revoked_at", "created_at"]
    readonly_fields = ["subject"]
    actions = ["revoke"]

    @admin.display(description=_("opens"))
    def subject(self, link: Link) -> str:
        return str(link.survey or link.session or link.contact)

    @admin.action(description=_("Revoke for ever"), permissions=["act"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Link]) -> None:
        each(request, rows, lambda row: links.revoke(row, by=actor(request)), done=_revoked)


def _revoked(number: int) -> str | Promise:
    return ngettext("%(number)d link revoked.", "%(number)d links revoked.", number) % {"number": number}
