"""Erasing a person covers every table and file by construction.

Each room says which columns may hold a person's words (`PERSONAL`, beside the functions that erase them); a
column that no room answers for is impersonal for a reason given here. Then a word is planted through every
door and step, and the columns that hold it before and after the erasure speak for themselves.
"""

import importlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.db.models import Field, FileField, JSONField, Model, TextField
from django.db.models.fields import CharField
from django.test import Client

from csat import jobs, signals
from csat.connectors import writing_back
from csat.connectors.models import Connection
from csat.people import erasure, roles
from csat.people.models import Contact
from csat.reports import rollup
from tests.admin.test_people import do
from tests.api.conftest import machine
from tests.house.life import Life, house, places
from tests.standins.listening import Listener
from tests.workers import ROOT

ROOMS = [
    importlib.import_module("csat.timeline.redaction"),
    *(
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for path in sorted((ROOT / "csat").glob("*/privacy.py"))
    ),
]
# tables, and single columns
IMPERSONAL = {
    "account_emailaddress": "staff",
    "account_emailconfirmation": "staff",
    "auth_group": "our five roles",
    "auth_permission": "names of models",
    "auth_user": "staff",
    "csat_agent": "staff",
    "csat_apikey": "machines",
    "csat_call.type": "our words",
    "csat_brand": "the organisation",
    "csat_channelsettings.paused_by": "staff",
    "csat_channelsettings.paused_reason": "what staff said of a channel",
    "csat_circuit.code": "the provider's code",
    "csat_circuit.medium": "our words",
    "csat_circuit.provider": "our words",
    "csat_circuit.recipients": "three short hashes, until the next answer",
    "csat_connection": "other systems, and what staff say of them",
    "csat_inboundevent.key": "a hash",
    "csat_csatsettings": "how everybody is asked",
    "csat_delivery.error_code": "the provider's code",
    "csat_delivery.transport": "our words",
    "csat_staffmessage.via": "our words",
    "csat_endpoint": "other systems",
    "csat_event.actor_id": "a UUID of staff, machine or contact",
    "csat_export.columns": "our words",
    "csat_export.error": "our words",
    "csat_export.filters": "what staff looked for, in reports that name nobody",
    "csat_export.scope": "ids of teams",
    "csat_chartnote": "what staff said of a day",
    "csat_digest": "staff, and where they want their reports",
    "csat_digestissue": "our words, and a provider's of staff",
    "csat_target": "our words",
    "csat_heartbeat": "our words",
    "csat_invitation": "staff to be",
    "csat_storedfile": "names of files: a UUID, or what staff called their logo",
    "csat_workerprocess": "names of machines",
    "csat_import.agents_added": "primary keys",
    "csat_import.error": "our words",
    "csat_import.file_name": "what staff named their file",
    "csat_import.mapping": "numbers of columns",
    "csat_importedrow": "numbers of rows, and our words",
    "csat_idempotencyrecord.contacts": "primary keys",
    "csat_idempotencyrecord.fingerprint": "a hash",
    "csat_idempotencyrecord.name": "a machine's name for its request, deleted with the answer",
    "csat_link.key_id": "which key signed it",
    "csat_suppression.key_id": "which key its hash was made with",
    "csat_link.sha256": "a hash",
    "csat_organization": "the installation",
    "csat_profile": "staff",
    "csat_personaldataread": "primary keys of staff, ids of rows, and hours",
    "csat_rollup.dim1": "our words",
    "csat_rollup.dim2": "our words",
    "csat_rollup.perspective": "our words",
    "csat_run.started_by": "staff",
    "csat_run.trigger_type": "our words",
    "csat_sandboxmessage.language": "one of ours",
    "csat_sandboxmessage.medium": "our words",
    "csat_sandboxmessage.reference": "a UUID",
    "csat_savedview": "what staff looked for, in reports that name nobody",
    "csat_sendcount": "our words",
    "csat_latency": "our words",
    "csat_event.request_id": "names a web request: made by the proxy or by us",
    "csat_session.language": "one of ours",
    "csat_step.block_id": "an id in the workflow",
    "csat_step.type": "our words",
    "csat_suppression.digest": "a keyed hash: it must outlive the person",
    "csat_survey.delivered_via": "our words",
    "csat_survey.gates": "our words, states, numbers and times",
    "csat_survey.language": "one of ours",
    "csat_survey.skipped_by": "our words",
    "csat_team": "staff",
    "csat_recount": "numbers, and a hash",
    "csat_theme": "what staff call it",
    "csat_themewords": "words that staff look for in everybody's comments",
    "csat_version": "written before anybody's conversation, for everybody's",
    "csat_workflow": "written before anybody's conversation, for everybody's",
    "django_admin_log.object_id": "a primary key",
    "django_content_type": "names of models",
    "django_q_ormq": "functions and primary keys",
    "django_q_schedule": "functions and primary keys",
    "django_q_task.cluster": "our words",
    "django_q_task.func": "our words",
    "django_q_task.group": "our words",
    "django_q_task.hook": "our words",
    "django_q_task.id": "chance",
    "django_q_task.name": "chance",
    "django_session": "staff, logged in",
    "mfa_authenticator": "staff",
    "socialaccount_socialaccount": "staff",
    "socialaccount_socialapp": "other systems",
    "socialaccount_socialtoken": "staff",
    "usersessions_usersession": "staff, logged in",
}


def _columns() -> Iterator[tuple[type[Model], "Field[Any, Any]"]]:
    """Every column that may hold words: text that is not chosen from our own list, JSON, files."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, CharField | TextField | JSONField | FileField) and not field.choices:
                yield model, field


def personal() -> set[str]:
    return set(jobs.PERSONAL) | {
        f"{model._meta.db_table}.{model._meta.get_field(name).column}"
        for room in ROOMS
        for model, names in room.PERSONAL.items()
        for name in names
    }


def test_every_column_of_words_is_answered_for_or_impersonal_for_a_reason() -> None:
    columns = {f"{model._meta.db_table}.{field.column}" for model, field in _columns()}
    known = personal() | set(IMPERSONAL)
    assert sorted(one for one in columns if not {one, one.partition(".")[0]} & known) == []
    assert not personal() & set(IMPERSONAL)


def test_every_room_that_answers_for_columns_is_connected_to_the_signals() -> None:
    answers = {name: getattr(signals, name)._live_receivers for name in SIGNALS}
    for room in ROOMS:
        for name, verb in SIGNALS.items():
            if (receiver := getattr(room, verb, None)) and f"{room.__name__}.{verb}" not in CALLED:
                assert receiver in answers[name](sender=None)[0], f"{room.__name__}.{verb} hears nothing"


SIGNALS = {"contact_erased": "erase", "words_expired": "blank", "contact_data": "export"}
CALLED = {"csat.people.privacy.erase": "by erasure.erase, before the contact is blanked"}


# what the rooms erase, and this life does not fill
EMPTY = {
    "csat_contact.language": "one of ours",
    "csat_callbody.attempts": "see tests/webhooks/test_bodies.py",
    "csat_callbody.body": "see tests/webhooks/test_bodies.py",
    "csat_conversationorigin.note_id": "their number of our note",
    "csat_inboundevent.headers": "those that reading needs: names of their events",
    "csat_contact.opt_out_reason": "our words",
    "csat_contact.timezone": "a place",
    "csat_delivery.asked_by": "staff and machines",
    "csat_delivery.provider_id": "a provider's id",
    "csat_export.file": "its rows are looked into",
    "csat_import.file": "see tests/imports/test_privacy.py",
    "csat_import.rejects": "see tests/imports/test_privacy.py",
    "csat_inboundbody.body": "see tests/connectors/test_bodies.py",
    "csat_inboundbody.headers": "see tests/connectors/test_bodies.py",
    "csat_run.error": "see tests/workflows/test_privacy.py",
    "csat_step.error": "see tests/workflows/test_privacy.py",
    "csat_stepbody.input": "see tests/workflows/test_bodies.py",
    "csat_stepbody.output": "see tests/workflows/test_bodies.py",
    "csat_staffmessage.error": "a provider's words, as of a delivery",
    "csat_staffmessage.provider_id": "a provider's id",
    "csat_staffmessage.written_by": "staff",
    "csat_step.input": "as the workflow has it",
    "django_admin_log.change_message": "names of fields",
}
# the rows go with what they are about
FILES = {"csat_storedchunk.content", "file .csv", "file .xlsx"}  # in the database or in a folder
DELETED = {"csat_idempotencyrecord.name"} | FILES


@pytest.fixture
def lives(
    manager: Client, admin: Client, admin_user: Any, listener: Listener, settings: Any, tmp_path: Path
) -> tuple[Life, Life]:
    """One who is erased, and one who stays."""
    roles.sync()
    settings.MEDIA_ROOT, settings.CONNECT_ALLOW = tmp_path / "media", [listener.address]
    api, by_hand = machine(), house(listener)
    gone, stays = Life("zyxmark", "5559870"), Life("quolby", "5551230")
    gone.live(api, manager, admin, admin_user, by_hand)
    stays.live(api, manager, admin, admin_user, by_hand, "email", "slack")
    return gone, stays


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.django_db
def test_a_word_planted_everywhere_is_nowhere_after_an_erasure_by_any_door(
    lives: tuple[Life, Life], tmp_path: Path, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """jazzband/django-auditlog#818, Aam-Digital/ndb-core#4184, keygen-sh/keygen-api#207: an anonymised person
    stays readable in logs and histories.
    """
    caplog.set_level(logging.INFO)
    gone, stays = lives
    planted, kept = _places(gone, tmp_path), _places(stays, tmp_path)
    assert sorted(personal() - planted - set(EMPTY)) == []
    assert sorted(planted - personal() - DELETED) == []
    assert {
        name for name, value in erasure.data_of(gone.contact).items() if gone.word in str(value)
    } == EXPORTED
    doors: list[Callable[[Contact], Any]] = [
        lambda contact: stays.api.delete(f"/contacts/{contact.uuid}"),
        lambda contact: stays.manager.post(f"/contacts/{contact.uuid}/erase/"),
        lambda contact: do(stays.admin, "contact", "erase", contact, sure="yes"),
        lambda contact: call_command("erase_contact", str(contact.uuid)),
    ]
    for door in doors:
        before = transaction.savepoint()
        contact = gone.contact
        with django_capture_on_commit_callbacks() as after_commit:
            door(contact)
        rollup.recount()  # as the sweeper does each minute
        for connection in Connection.objects.all():  # and the workers: what may be there is taken back there
            writing_back.write_due(connection.pk)
        assert Contact.objects.get(pk=contact.pk).erased_at
        assert FILES >= _places(gone, tmp_path) != set()
        assert _places(stays, tmp_path) == kept - {"django_q_task.result"}
        if door is not doors[-1]:
            transaction.savepoint_rollback(before)
    for callback in after_commit:
        callback()
    assert sorted(_places(gone, tmp_path)) == []
    lines = _log_lines([*caplog.get_records("setup"), *caplog.get_records("call")])
    assert len(lines) > 5
    assert not [line for line in lines if gone.word in line or gone.digits in line]


EXPORTED = {
    "contact", "admin log", "conversations", "timeline", "surveys", "messages", "workflows", "notices",
    "webhooks", "from help desks",
}  # fmt: skip


def _log_lines(records: list[logging.LogRecord]) -> list[str]:
    """As they are written."""
    written = [handler.formatter for handler in logging.getLogger().handlers if _writes_json(handler)]
    assert written[0]
    return [written[0].format(record) for record in records]


def _writes_json(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


def _places(life: Life, folder: Path) -> set[str]:
    return places((life.word, life.digits), folder)
