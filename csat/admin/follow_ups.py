"""Follow-ups on low scores."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from csat.admin.base import verb_action
from csat.admin.filters import IsSetFilter, SeenFilter
from csat.admin.score_visibility import ReadOnlyScoredAdmin
from csat.admin.surveys import face
from csat.admin.verbs import run_on_each
from csat.people.permissions import Verb
from csat.surveys.answers import follow_ups
from csat.surveys.models import FollowUp

CHANGED = ngettext_lazy("%(number)d follow-up changed.", "%(number)d follow-ups changed.", "number")


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyScoredAdmin):
    change_form_template = "admin/csat/change_form.html"
    session_path, score_path = "session__", "session__score__"
    list_display = ["session", "rating", "owner", "note", "created_at", "due_at", "done_at"]
    list_filter = [("done_at", IsSetFilter), ("owner", SeenFilter)]
    list_select_related = ["session__score", "owner"]
    search_fields = ["=session__id", "note"]
    ordering = ["-created_at"]
    fields = ["session", "rating", "owner", "note", "resolution", "created_at", "due_at", "done_at"]
    readonly_fields = ["rating"]
    actions = ["take", "done"]

    @admin.display(description=_("score"))
    def rating(self, row: FollowUp) -> str:
        score = getattr(row.session, "score", None)
        return face(score.score if score else None)

    @verb_action(Verb.HANDLE_FOLLOW_UP, description=_("Take"))
    def take(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: follow_ups.assign_to(row.session, cast(User, request.user)),
            done=CHANGED,
        )

    @verb_action(Verb.HANDLE_FOLLOW_UP, description=_("Done"))
    def done(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: follow_ups.mark_done(row.session, cast(User, request.user)),
            done=CHANGED,
        )
