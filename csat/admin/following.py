"""Low scores that somebody should look after."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from csat.admin.filters import Set
from csat.admin.seeing import SeenFacts
from csat.admin.surveys import face
from csat.admin.verbs import each
from csat.surveys import following
from csat.surveys.models import FollowUp


@admin.register(FollowUp)
class FollowUpAdmin(SeenFacts):
    change_form_template = "admin/csat/change_form.html"
    scored = "session__score__"
    list_display = ["session", "rating", "owner", "note", "created_at", "done_at"]
    list_filter = [("done_at", Set), "owner"]
    list_select_related = ["session__score", "owner"]
    search_fields = ["=session__id", "note"]
    ordering = ["-created_at"]
    fields = ["session", "rating", "owner", "note", "created_at", "done_at"]
    readonly_fields = ["rating"]
    actions = ["take", "done"]

    @admin.display(description=_("score"))
    def rating(self, row: FollowUp) -> str:
        score = getattr(row.session, "score", None)
        return face(score.score if score else None)

    @admin.action(description=_("Take"), permissions=["act"])
    def take(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        each(request, rows, lambda row: following.take(row.session, cast(User, request.user)), done=_changed)

    @admin.action(description=_("Done"), permissions=["act"])
    def done(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        each(request, rows, lambda row: following.done(row.session, cast(User, request.user)), done=_changed)


def _changed(number: int) -> str | Promise:
    return ngettext("%(number)d follow-up changed.", "%(number)d follow-ups changed.", number) % {"number": number}
