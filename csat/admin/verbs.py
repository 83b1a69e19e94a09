"""How the admin works through the verbs of the rooms: one row's form, many rows' action, and the audit."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.admin.tables import Table, actor
from csat.lib.refusal import Refused
from csat.people import auditing
from csat.timeline.recording import SYSTEM, Actor

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

AT_ONCE = 500  # rows one action may touch: each is a transaction of its own
TOLD = 5  # refusals told one by one


class VerbForm(ModelForm):
    """A form whose last check is the verb itself, so that a refusal stands beside its field and nothing typed is lost."""

    actor: Actor = SYSTEM
    fields_of: ClassVar[dict[str, str]] = {}  # where the verb names a field otherwise than this form does

    def perform(self, **values: Any) -> Model:
        """Do it, with what was changed (all that was given, for a new row); the row as it is now."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        names = self.changed_data if self.instance.pk else list(self.cleaned_data)
        try:
            with transaction.atomic():
                self.instance = self.perform(**{name: self.cleaned_data[name] for name in names})
        except Refused as refused:
            self._tell(refused)

    def _tell(self, refused: Refused) -> None:
        named = {self.fields_of.get(name, name): texts for name, texts in refused.fields.items()}
        beside = {name: texts for name, texts in named.items() if name in self.fields}
        for name, texts in beside.items():
            self.add_error(name, texts)
        if not beside:
            self.add_error(None, refused.message or [text for texts in refused.fields.values() for text in texts])


class VerbTable(Table):
    """A table whose rows are added and changed by a VerbForm, which has already saved when Django would."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": actor(request)})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """The form's verb has saved, and audited where the room says so."""


class AuditedTable(Table):
    """A table saved by Django as it is, each change kept on the timeline with its before and after."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        before = {name: _plain(form.initial.get(name)) for name in form.changed_data} if change else None
        super().save_model(request, obj, form, change)
        after = {name: _plain(form.cleaned_data.get(name)) for name in form.changed_data if "password" not in name}
        self.audit(request, obj, "changed" if change else "added", before=before, after=after)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.audit(request, obj, "deleted", before={"name": str(obj)})
        super().delete_model(request, obj)

    def audit(self, request: HttpRequest, obj: Any, what: str, **values: Any) -> None:
        auditing.audit(actor(request), f"{self.opts.model_name} {what}: {obj}", **values)


def each(
    request: HttpRequest, rows: QuerySet[Any], verb: Callable[[Any], Any], *, done: Callable[[int], str | Promise], already: str = ""
) -> None:
    """The verb on each chosen row: what was done, what was refused and why, are told; a refusal stops no other row."""
    if rows.count() > AT_ONCE:
        messages.error(request, _("At most %(number)d rows at once.") % {"number": AT_ONCE})
        return
    count, refused = _try_each(rows, verb, already)
    if count:
        messages.success(request, str(done(count)))
    for text in refused[:TOLD]:
        messages.warning(request, text)
    if more := len(refused[TOLD:]):
        messages.warning(request, ngettext("and %(number)d more.", "and %(number)d more.", more) % {"number": more})


def _try_each(rows: Iterable[Any], verb: Callable[[Any], Any], already: str) -> tuple[int, list[str]]:
    count, refused = 0, []
    for row in rows:
        try:
            if verb(row) is False:
                refused.append(f"{row}: {already or _('nothing to do')}")
            else:
                count += 1
        except Refused as no:
            refused.append(f"{row}: {no.message or _('refused')}")
    return count, refused


def ask_first(table: Table, request: HttpRequest, rows: QuerySet[Any], action: str, warning: str | Promise) -> TemplateResponse:
    """A page that names the rows and asks; its Yes posts the same action again with `sure`."""
    context = {
        **table.admin_site.each_context(request),
        "title": _("Are you sure?"),
        "opts": table.opts,
        "rows": rows[:AT_ONCE],
        "action": action,
        "warning": warning,
        "back": request.POST.get("_back", ""),
    }
    return TemplateResponse(request, "admin/csat/sure.html", context)


def _plain(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple | set):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | dict | None) else str(value)
