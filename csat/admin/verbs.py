"""Change rows through the functions of the rooms: a form for one row, an action for many, and the audit."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.admin.base import BaseAdmin, actor
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

M = TypeVar("M", bound=Model)
AT_ONCE = 500  # rows per action: each is a transaction of its own
REFUSALS_SHOWN = 5


class VerbForm(ModelForm):
    """A form saved by a room's function; a refusal is shown beside its field, with the input kept."""

    refused: ClassVar[Refused | None] = None
    fields_of: ClassVar[
        dict[str, str]
    ] = {}  # the room's name of a field: this form's name, where they differ

    def perform(self, by: Actor, **values: Any) -> Model:
        """Save the changed values (all of them for a new row) and return the row. May raise Refused."""
        raise NotImplementedError

    def clean(self) -> JsonObject | None:
        cleaned = super().clean()
        if self.refused:
            self._add_errors(self.refused)
        return cleaned

    def _add_errors(self, refused: Refused) -> None:
        by_name = {self.fields_of.get(name, name): texts for name, texts in refused.fields.items()}
        field_errors = {name: texts for name, texts in by_name.items() if name in self.fields}
        for name, texts in field_errors.items():
            self.add_error(name, texts)
        if not field_errors:
            all_texts = [text for texts in refused.fields.values() for text in texts]
            self.add_error(None, refused.message or all_texts)


class VerbAdmin(BaseAdmin):
    """Adds and changes rows by a VerbForm; the room's function writes the audit."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: JsonObject | None = None,
    ) -> HttpResponse:
        """After a refusal, which wrote nothing, show the form again with the reason."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            request.refused = refused  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"refused": getattr(request, "refused", None)})

    def save_model(self, request: HttpRequest, obj: Model, form: VerbForm, change: bool) -> None:
        names = form.changed_data if change else list(form.cleaned_data)
        obj.pk = form.perform(actor(request), **{name: form.cleaned_data[name] for name in names}).pk
        obj.refresh_from_db()


class AuditedAdmin(BaseAdmin):
    """Saved by Django as usual; each change goes to the audit log with its values before and after."""

    added, changed, deleted = (
        AuditAction.RECORD_ADDED,
        AuditAction.RECORD_CHANGED,
        AuditAction.RECORD_DELETED,
    )

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        before = {name: _to_json(form.initial.get(name)) for name in form.changed_data} if change else None
        super().save_model(request, obj, form, change)
        names = [name for name in form.changed_data if "password" not in name]
        after = {name: _to_json(form.cleaned_data.get(name)) for name in names}
        audit(actor(request), self.action_of(form, change), before=before, after=after, target=obj)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        audit(actor(request), self.deleted, before={"name": str(obj)}, target=obj)
        super().delete_model(request, obj)

    def action_of(self, form: ModelForm, change: bool) -> AuditAction:
        """How the audit log names what this form did."""
        return self.changed if change else self.added


def run_on_each(
    request: HttpRequest,
    rows: QuerySet[M],
    verb: Callable[[M], object],
    *,
    done: "_StrPromise",
    already: str = "",
) -> None:
    """Call `verb` on each selected row, and show how many were done and what was refused.

    A refusal does not stop the other rows. `done`: by `ngettext_lazy` with its "number"; `already`: the
    message when `verb` returns False.
    """
    if rows.count() > AT_ONCE:
        messages.error(request, _("Select at most %(number)d rows at once.") % {"number": AT_ONCE})
        return
    count, refused = _try_each(rows, verb, already)
    if count:
        messages.success(request, done % {"number": count})
    for text in refused[:REFUSALS_SHOWN]:
        messages.warning(request, text)
    if more := len(refused[REFUSALS_SHOWN:]):
        text = ngettext("and %(number)d more.", "and %(number)d more.", more) % {"number": more}
        messages.warning(request, text)


def _try_each(rows: Iterable[M], verb: Callable[[M], object], already: str) -> tuple[int, list[str]]:
    count, refused = 0, []
    for row in rows:
        try:
            if verb(row) is False:
                refused.append(f"{row}: {already or _('nothing to change')}")
            else:
                count += 1
        except Refused as refusal:
            refused.append(f"{row}: {refusal.message or _('refused')}")
    return count, refused


def confirm_first(
    model_admin: BaseAdmin, request: HttpRequest, rows: QuerySet[M], action: str, warning: str | Promise
) -> TemplateResponse:
    """A page that lists the rows and asks; Yes posts the same action again with `sure`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Are you sure?"),
        "opts": model_admin.opts,
        "rows": rows[:AT_ONCE],
        "action": action,
        "warning": warning,
        "back": request.POST.get("_back", ""),
    }
    return TemplateResponse(request, "admin/csat/sure.html", context)


def _to_json(value: object) -> object:
    if isinstance(value, QuerySet | list | tuple | set):
        return [_to_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool | dict | None) else str(value)
