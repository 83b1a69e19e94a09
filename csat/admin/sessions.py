"""Sessions: search, timeline, and changes through the rooms' functions."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from csat.admin import csv_export, session_timeline
from csat.admin.base import actor, admin_link, verb_action
from csat.admin.filters import IsSetFilter, SeenFilter
from csat.admin.score_visibility import visibility
from csat.admin.session_filters import (
    ChannelFilter,
    FollowUpFilter,
    ScoreFilter,
    SurveyStateFilter,
    seen_score,
)
from csat.admin.surveys import REQUESTED, face, request_survey
from csat.admin.verbs import VerbAdmin, VerbForm, run_on_each
from csat.lib.text import one_line
from csat.people import contacts
from csat.people.models import Contact
from csat.people.permissions import Verb
from csat.reports import exports
from csat.sessions import activity, resolving
from csat.sessions.models import Session
from csat.timeline.recording import Actor

CHANGED = ngettext_lazy("%(number)d conversation changed.", "%(number)d conversations changed.", "number")

SENTIMENTS = [("positive", _("positive")), ("neutral", _("neutral")), ("negative", _("negative"))]


class SessionForm(VerbForm):
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", "–"), *settings.LANGUAGES], required=False
    )
    skip_csat = forms.BooleanField(
        label=_("Without survey"),
        required=False,
        help_text=_("No survey is sent when the conversation is resolved."),
    )

    class Meta:
        model = Session
        fields = ["assignee", "team", "language", "sentiment", "skip_csat"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices, current = [("", "–"), *SENTIMENTS], self.instance.sentiment
        if current not in dict(choices):  # the API accepts any word
            choices.append((current, current))
        self.fields["sentiment"] = forms.ChoiceField(label=_("Sentiment"), choices=choices, required=False)

    def perform(self, by: Actor, **values: Any) -> Session:
        return activity.update(self.instance.again(), by=by, **values)


@admin.register(Session)
class SessionAdmin(VerbAdmin):
    form = SessionForm
    session_path = ""
    change_form_template = "admin/csat/session.html"
    list_display = ["ticket", "contact", "channel", "status", "agent", "rating", "survey_state", "active"]
    list_filter = [
        "status", ChannelFilter, SurveyStateFilter, ScoreFilter, FollowUpFilter,
        ("handed_off_at", IsSetFilter), "ai_closure_type", "sentiment",
        ("team", SeenFilter), "practice",
    ]  # fmt: skip
    list_select_related = ["contact", "assignee", "resolver", "survey"]
    date_hierarchy = "last_activity_at"
    ordering = ["-last_activity_at"]
    search_fields = ["=id"]
    search_help_text = _("Ticket number, subject, or the contact's name, email or phone number")
    autocomplete_fields = ["assignee", "team"]
    readonly_fields = [
        "uuid", "external_id", "contact", "channel", "bridged_to_web", "subject", "status", "ai_closure_type",
        "resolver", "tag_names",
        "custom_data", "created_at", "resolved_at", "closed_at", "handed_off_at", "last_activity_at",
        "practice", "rating", "survey_page",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["contact", "channel", "subject", "status", "rating", "survey_page"]}),
        (_("Editable"), {"fields": ["assignee", "team", "language", "sentiment", "skip_csat"]}),
        (_("More"), {"classes": ["collapse"], "fields": [
            "uuid", "external_id", "practice", "bridged_to_web", "ai_closure_type", "resolver", "tag_names",
            "custom_data",
            "created_at", "resolved_at", "closed_at", "handed_off_at", "last_activity_at",
        ]}),
    ]  # fmt: skip
    actions = [
        "resolve",
        "resolve_without_survey",
        "reopen",
        "send_survey",
        "export_csv",
        "export_semicolons",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        if text.removeprefix("#").isdigit() and len(text) < 15:
            number = int(text.removeprefix("#"))
            return queryset.filter(Q(pk=number) | Q(external_id=text)), False
        people = contacts.search(Contact.objects.all(), text)
        return queryset.filter(
            Q(contact__in=people.values("pk"))
            | Q(external_id=text)
            | Q(subject__folded_contains=one_line(text))
        ), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(seen_score=seen_score(request))
        return rows

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if session := kwargs.get("obj"):
            context["events"] = session_timeline.lines(session, visibility(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def row_actions(self, request: HttpRequest, row: Session) -> list[tuple[str, str]]:
        possible = {"resolve", "resolve_without_survey"} if row.status == Session.Status.OPEN else {"reopen"}
        return [pair for pair in super().row_actions(request, row) if pair[0] in possible | {"send_survey"}]

    @admin.display(description=_("ticket"), ordering="id")
    def ticket(self, session: Session) -> str:
        return str(session)

    @admin.display(description=_("agent"))
    def agent(self, session: Session) -> str:
        return str(session.resolver or session.assignee or "") or self.empty_value_display

    @admin.display(description=_("last activity"), ordering="last_activity_at")
    def active(self, session: Session) -> str:
        return date(timezone.localtime(session.last_activity_at), "j M Y H:i")

    @admin.display(description=_("tags"))
    def tag_names(self, session: Session) -> str:
        return ", ".join(tag.name for tag in session.tags.all())

    @admin.display(description=_("survey"))
    def survey_state(self, session: Session) -> str:
        survey = getattr(session, "survey", None)
        return survey.get_state_display() if survey else self.empty_value_display

    @admin.display(description=_("survey"))
    def survey_page(self, session: Session) -> SafeString | str:
        return admin_link(getattr(session, "survey", None))

    @admin.display(description=_("score"), ordering="seen_score")
    def rating(self, session: Any) -> str:
        return face(session.seen_score)  # annotated

    @verb_action(Verb.WORK_ON_CONVERSATION, description=_("Resolve"))
    def resolve(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: resolving.resolve(row, by=actor(request)),
            done=CHANGED,
            already=gettext("is already closed"),
        )

    @verb_action(Verb.WORK_ON_CONVERSATION, description=_("Resolve without survey"))
    def resolve_without_survey(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        run_on_each(
            request, rows, lambda row: resolving.resolve(row, by=actor(request), ask=False),
            done=CHANGED, already=gettext("is already closed"),
        )  # fmt: skip

    @verb_action(Verb.WORK_ON_CONVERSATION, description=_("Reopen"))
    def reopen(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: resolving.reopen(row, by=actor(request)),
            done=CHANGED,
            already=gettext("is already open"),
        )

    @verb_action(Verb.REQUEST_SURVEY, description=_("Send survey"))
    def send_survey(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        run_on_each(request, rows, lambda row: request_survey(row, by=actor(request)), done=REQUESTED)

    @verb_action(Verb.EXPORT, description=_("Export as CSV"))
    def export_csv(self, request: HttpRequest, rows: QuerySet[Session]) -> StreamingHttpResponse:
        return _export(request, rows, ",")

    @verb_action(Verb.EXPORT, description=_("Export as CSV with semicolons"))
    def export_semicolons(self, request: HttpRequest, rows: QuerySet[Session]) -> StreamingHttpResponse:
        return _export(request, rows, ";")


def _export(request: HttpRequest, rows: QuerySet[Session], delimiter: str) -> StreamingHttpResponse:
    exports.record_selection("conversations", rows.count(), by=actor(request))
    return csv_export.csv_response(rows, visibility=visibility(request), delimiter=delimiter)
