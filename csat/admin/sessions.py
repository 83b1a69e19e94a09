"""Sessions: found, read with their timeline, and moved only by the verbs."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from csat.admin import exporting
from csat.admin.filters import Set
from csat.admin.seeing import sight
from csat.admin.session_filters import FollowUpFilter, ScoreFilter, SurveyStateFilter, seen_score, told
from csat.admin.surveys import ask, asked, face
from csat.admin.tables import actor, page_of
from csat.admin.verbs import VerbForm, VerbTable, each
from csat.people import contacts
from csat.people.models import Contact
from csat.sessions import conversing, resolving
from csat.sessions.models import Session

SENTIMENTS = [("positive", _("positive")), ("neutral", _("neutral")), ("negative", _("negative"))]


class SessionForm(VerbForm):
    language = forms.ChoiceField(label=_("Language"), choices=[("", "–"), *settings.LANGUAGES], required=False)
    skip_csat = forms.BooleanField(label=_("Without survey"), required=False, help_text=_("When it is resolved, nobody is asked."))

    class Meta:
        model = Session
        fields = ["assignee", "team", "language", "sentiment", "skip_csat"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = self.instance.sentiment
        known = SENTIMENTS if now in ("", *dict(SENTIMENTS)) else [*SENTIMENTS, (now, now)]  # the API takes any word
        self.fields["sentiment"] = forms.ChoiceField(label=_("Sentiment"), choices=[("", "–"), *known], required=False)

    def perform(self, **values: Any) -> Session:
        return conversing.change(self.instance.again(), by=self.actor, **values)


@admin.register(Session)
class SessionAdmin(VerbTable):
    form = SessionForm
    change_form_template = "admin/csat/session.html"
    list_display = ["ticket", "contact", "channel", "status", "agent", "rating", "survey_state", "active"]
    list_filter = [
        "status", "channel", SurveyStateFilter, ScoreFilter, FollowUpFilter,
        ("handed_off_at", Set), "ai_closure_type", "sentiment", "team",
    ]  # fmt: skip
    list_select_related = ["contact", "assignee", "resolver", "survey"]
    date_hierarchy = "last_activity_at"
    ordering = ["-last_activity_at"]
    search_fields = ["=id"]
    search_help_text = _("Ticket number, subject, or the contact's name, email or phone number")
    autocomplete_fields = ["assignee", "team"]
    readonly_fields = [
        "uuid", "external_id", "contact", "channel", "bridged_to_web", "subject", "status", "ai_closure_type", "resolver", "tag_names",
        "custom_data", "created_at", "resolved_at", "closed_at", "handed_off_at", "last_activity_at", "rating", "survey_page",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["contact", "channel", "subject", "status", "rating", "survey_page"]}),
        (_("May be changed"), {"fields": ["assignee", "team", "language", "sentiment", "skip_csat"]}),
        (_("More"), {"classes": ["collapse"], "fields": [
            "uuid", "external_id", "bridged_to_web", "ai_closure_type", "resolver", "tag_names", "custom_data",
            "created_at", "resolved_at", "closed_at", "handed_off_at", "last_activity_at",
        ]}),
    ]  # fmt: skip
    actions = ["resolve", "resolve_without_survey", "reopen", "send_survey", "export_csv"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        if text.removeprefix("#").isdigit() and len(text) < 15:
            number = int(text.removeprefix("#"))
            return queryset.filter(Q(pk=number) | Q(external_id=text)), False
        people = contacts.search(Contact.objects.all(), text)
        return queryset.filter(Q(contact__in=people.values("pk")) | Q(external_id=text) | Q(subject__icontains=text)), False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(seen_score=seen_score(request))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if session := kwargs.get("obj"):
            context["events"] = told(session, sight(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def row_actions(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
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
        return page_of(getattr(session, "survey", None))

    @admin.display(description=_("score"), ordering="seen_score")
    def rating(self, session: Any) -> str:
        return face(session.seen_score)  # annotated

    @admin.action(description=_("Resolve"), permissions=["act"])
    def resolve(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        each(request, rows, lambda row: resolving.resolve(row, by=actor(request)), done=_changed, already=gettext("is closed already"))

    @admin.action(description=_("Resolve without survey"), permissions=["act"])
    def resolve_without_survey(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        each(
            request, rows, lambda row: resolving.resolve(row, by=actor(request), ask=False),
            done=_changed, already=gettext("is closed already"),
        )  # fmt: skip

    @admin.action(description=_("Reopen"), permissions=["act"])
    def reopen(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        each(request, rows, lambda row: resolving.reopen(row, by=actor(request)), done=_changed, already=gettext("is open already"))

    @admin.action(description=_("Send survey"), permissions=["act"])
    def send_survey(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        each(request, rows, lambda row: ask(row, by=actor(request)), done=asked)

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, rows: QuerySet[Session]) -> StreamingHttpResponse:
        return exporting.answer(rows, sight=sight(request))


def _changed(number: int) -> str | Promise:
    return ngettext("%(number)d session changed.", "%(number)d sessions changed.", number) % {"number": number}
