"""Surveys with their gates and deliveries, answers, scores and links."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from csat import scale
from csat.admin.base import ReadOnlyAdmin, ReadOnlyInline, actor, admin_link, verb_action
from csat.admin.filters import IsSetFilter
from csat.admin.score_visibility import ReadOnlyScoredAdmin, ReadOnlyScoredInline
from csat.admin.verbs import run_on_each
from csat.lib.refusal import Refused
from csat.people.permissions import Verb
from csat.sessions.models import Session
from csat.surveys import gates, links
from csat.surveys.answers import answering
from csat.surveys.choices import Origin
from csat.surveys.delivery import scheduling
from csat.surveys.models import Answer, Delivery, Link, Score, Survey
from csat.timeline.recording import Actor

REQUESTED = ngettext_lazy("%(number)d survey requested.", "%(number)d surveys requested.", "number")

FORM = "admin/csat/change_form.html"


def face(score: int | None) -> str:
    return f"{scale.BY_SCORE[score].emoji} {score}" if score else "–"


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = [
        "channel",
        "medium",
        "address",
        "transport",
        "reason",
        "state",
        "attempt",
        "sent_at",
        "delivered_at",
        "shown_at",
        "error",
    ]
    ordering = ["id"]


class AnswerInline(ReadOnlyScoredInline):
    model = Answer
    score_path = "survey__score__"
    fields = ["revision", "score", "comment", "about", "source", "state", "reason", "created_at"]


@admin.register(Survey)
class SurveyAdmin(ReadOnlyAdmin):
    session_path = "session__"
    change_form_template = FORM
    list_display = [
        "session",
        "contact",
        "channel",
        "state",
        "origin",
        "skipped_by",
        "requested_at",
        "delivered_via",
        "answered_at",
    ]
    list_filter = ["state", "channel", "origin", "skipped_by", "language"]
    list_select_related = ["session", "contact"]
    search_fields = ["=session__id", "=uuid"]
    search_help_text = _("Ticket number")
    date_hierarchy = "requested_at"
    ordering = ["-id"]
    inlines = [DeliveryInline, AnswerInline]
    actions = ["send"]
    fieldsets = [
        (None,
        {"fields": ["session_page", "contact_page", "channel", "language", "state", "origin",
        "request_number", "message"]}),
        (_("Why was or wasn't this customer asked?"), {"fields": ["why"]}),
        (_("Times"), {"fields": [
            "scheduled_for", "requested_at", "delivered_at", "delivered_via", "answered_at", "remind_at",
            "expires_at",
        ]}),
    ]  # fmt: skip
    readonly_fields = ["session_page", "contact_page", "why"]

    @admin.display(description=_("conversation"))
    def session_page(self, survey: Survey) -> SafeString | str:
        return admin_link(survey.session)

    @admin.display(description=_("contact"))
    def contact_page(self, survey: Survey) -> SafeString | str:
        return admin_link(survey.contact)

    @admin.display(description=_("gates"))
    def why(self, survey: Survey) -> SafeString:
        return render_to_string("admin/csat/gates.html", {"gates": gates.gates_of(survey)})

    @verb_action(Verb.REQUEST_SURVEY, description=_("Send survey"))
    def send(self, request: HttpRequest, rows: QuerySet[Survey]) -> None:
        run_on_each(request, rows, lambda row: request_survey(row.session, by=actor(request)), done=REQUESTED)


def request_survey(session: Session, *, by: Actor) -> Survey:
    """Request a survey by hand. Raises Refused with the failed gate's text when it was skipped."""
    survey = scheduling.request(session, origin=Origin.MANUAL, by=by)
    if failed_gate := gates.deciding_gate(survey):
        raise Refused(failed_gate.text)
    return survey


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    session_path = "survey__session__"
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
        "survey_page", "request_number", "channel", "medium", "address", "transport", "reason", "origin",
        "state", "attempt", "next_try",
        "lease_until", "uncertain_since", "provider_id", "error", "error_code", "sent_at", "delivered_at",
        "opened_at", "shown_at",
        "failed_at", "raw",
    ]  # fmt: skip
    readonly_fields = ["survey_page"]

    @admin.display(description=_("survey"))
    def survey_page(self, delivery: Delivery) -> SafeString | str:
        return admin_link(delivery.survey)


@admin.register(Answer)
class AnswerAdmin(ReadOnlyScoredAdmin):
    change_form_template = FORM
    session_path, score_path = "survey__session__", "survey__score__"
    list_display = ["session", "revision", "rating", "comment", "source", "state", "reason", "created_at"]
    list_filter = ["state", "score", "source", "about", "reason"]
    list_select_related = ["survey"]
    search_fields = ["=survey__session__id", "comment"]
    date_hierarchy = "created_at"
    ordering = ["-id"]
    fields = [
        "survey",
        "revision",
        "score",
        "comment",
        "about",
        "source",
        "state",
        "reason",
        "provenance",
        "created_at",
    ]
    actions = ["restore"]

    @admin.display(description=_("conversation"))
    def session(self, answer: Answer) -> str:
        return f"#{answer.survey.session_id}"

    @admin.display(description=_("score"), ordering="score")
    def rating(self, answer: Answer) -> str:
        return face(answer.score)

    @verb_action(Verb.RESTORE_ANSWER, description=_("Restore from quarantine"))
    def restore(self, request: HttpRequest, rows: QuerySet[Answer]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: answering.restore(row, by=actor(request)),
            done=ngettext_lazy("%(number)d answer restored.", "%(number)d answers restored.", "number"),
            already=gettext("is not quarantined"),
        )


@admin.register(Score)
class ScoreAdmin(ReadOnlyScoredAdmin):
    session_path = "session__"
    list_display = ["session", "rating", "comment", "contact", "agent", "channel", "source", "submitted_at"]
    list_filter = ["score", "channel", "source", "about", "imported"]
    list_select_related = ["session", "contact", "agent"]
    search_fields = ["=session__id", "comment"]
    date_hierarchy = "submitted_at"
    ordering = ["-submitted_at"]
    fields = [
        "session",
        "score",
        "comment",
        "about",
        "contact",
        "agent",
        "channel",
        "source",
        "submitted_at",
        "created_at",
    ]

    @admin.display(description=_("score"), ordering="score")
    def rating(self, score: Score) -> str:
        return face(score.score)


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    """The token is not stored: it is derived from the row and its key."""

    personal = True
    change_form_template = FORM
    list_display = ["purpose", "subject", "version", "expires_at", "revoked_at", "created_at"]
    list_filter = ["purpose", ("revoked_at", IsSetFilter)]
    list_select_related = ["survey", "session", "contact"]
    search_fields = ["=survey__session__id", "=session__id"]
    search_help_text = _("Ticket number")
    ordering = ["-id"]
    fields = [
        "purpose", "subject", "version", "key_id", "handed_out_by", "expires_at", "revoked_at", "created_at",
    ]  # fmt: skip
    readonly_fields = ["subject"]
    actions = ["revoke"]

    @admin.display(description=_("for"))
    def subject(self, link: Link) -> str:
        return str(link.survey or link.session or link.contact)

    @verb_action(Verb.REVOKE_LINK, description=_("Revoke"))
    def revoke(self, request: HttpRequest, rows: QuerySet[Link]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: links.revoke(row, by=actor(request)),
            done=ngettext_lazy("%(number)d link revoked.", "%(number)d links revoked.", "number"),
        )
