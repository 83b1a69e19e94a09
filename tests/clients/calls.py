"""Call every operation with the client that openapi-python-client generated, answers full of nulls included.

    python calls.py BASE KEY LISTENER      (the package csat_client in PYTHONPATH)

Prints the names of the operations that were called.
"""

import importlib
import io
import json
import pkgutil
import sys
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import csat_client.api
from csat_client import AuthenticatedClient, models
from csat_client.types import File

BASE, KEY, LISTENER = sys.argv[1:]
CLIENT = AuthenticatedClient(base_url=f"{BASE}/api/v1", token=KEY)
OPERATIONS = {
    module.name.rpartition(".")[2]: importlib.import_module(module.name)
    for module in pkgutil.walk_packages(csat_client.api.__path__, "csat_client.api.")
    if not module.ispkg
}
called: set[str] = set()


def call(
    operation: str,
    *ids: Any,
    body: tuple[str, dict[str, Any]] | None = None,
    upload: Any = None,
    **query: Any,
) -> Any:
    """What the client made of a good answer."""
    if upload:
        query["body"] = upload
    if body:
        shape, content = body
        query["body"] = getattr(models, shape).from_dict(content)
    answer = OPERATIONS[operation].sync_detailed(*ids, client=CLIENT, **query)
    assert 200 <= answer.status_code < 300, (operation, answer.status_code, answer.content)
    assert not isinstance(answer.parsed, models.Error), (operation, answer.content)
    called.add(operation)
    return answer.parsed


def contacts() -> str:
    nobody = call("post_contacts", body=("ContactInputRequest", {}))
    assert (nobody.email, nobody.phone_number, nobody.name) == (None, None, None)
    details = {"email": "ana@acme.example", "custom_data": {"plan": "gold"}}
    ana = call("post_contacts", body=("ContactInputRequest", details))
    assert call("post_contacts", body=("ContactInputRequest", details)).id == ana.id
    assert call("get_contacts_by_id", ana.id).email == "ana@acme.example"
    page = call("get_contacts", limit=1)
    assert len(call("get_contacts", cursor=page.next_, limit=1).items) == 1
    call("patch_contacts_by_id", ana.id, body=("PatchedContactInputRequest", {"name": None}))
    call("delete_contacts_by_id", nobody.id)
    return str(ana.id)


def sessions(contact: str) -> tuple[Any, Any]:
    bare = call("post_chat_sessions", body=("SessionInputRequest", {}))
    assert (bare.csat, bare.handoff, bare.team, bare.assignee_id) == (None, None, None, None)
    described = {"contact_id": contact, "external_id": "zd-1", "assignee": {"name": "Sam"}, "team": "Billing"}
    full = call("post_chat_sessions", body=("SessionInputRequest", described))
    assert call("get_chat_sessions_by_id", full.id).team == "Billing"
    bulk = {"items": [{"external_id": "zd-2"}, {"channel": {"type": "pigeon"}}]}
    assert len(call("post_chat_sessions_bulk", body=("BulkInputRequest", bulk)).items) == 2
    said = ("MessageInputRequest", {"message": "Hello"})
    call("post_chat_sessions_by_id_send", bare.id, body=said)
    reasons = ("HandoffInputRequest", {"reasons": ["insufficient_tools"]})
    call("post_chat_sessions_by_id_handoff", full.id, body=reasons)
    call("post_chat_sessions_by_id_widget_token", bare.id)
    assert call("get_chat_sessions", handed_off=True).items[0].id == full.id
    for session in (bare, full):
        resolved = ("PatchedSessionChangeRequest", {"status": "closed_resolved", "ai_closure_type": None})
        call("patch_chat_sessions_by_id", session.id, body=resolved)
        assert call("get_chat_sessions_by_id_history", session.id).items
    return bare, full


def surveys(contact: str, bare: Any, full: Any) -> None:
    channels = [models.GetCsatReportChannelItem.EMAIL, models.GetCsatReportChannelItem.SMS]
    by_channel = models.GetCsatReportGroupBy.CHANNEL
    report = call("get_csat_report", channel=channels, group_by=by_channel)
    assert (report.total.csat, report.total.response_rate, report.groups) == (None, None, [])
    assert call("get_csat_scores_session_by_session_id", bare.id) is None
    settings = call("get_csat_settings")
    assert settings.quiet_hours is None
    changes = {"channels": {"api": {"enabled": True}}, "quiet_hours": None}
    call("patch_csat_settings", body=("PatchedSettingsShapeRequest", changes))
    asked = call("post_csat_requests", body=("RequestInputRequest", {"session_id": str(bare.id)}))
    assert call("get_csat_requests_by_id", asked.id).answered_at is None
    assert call("get_csat_requests").items
    call("post_csat_links", body=("LinkInputRequest", {"session_id": str(full.id)}))
    for session in (bare, full):
        rating = {"session_id": str(session.id), "score": 4}
        score = call("post_csat_scores", body=("ScoreInputRequest", rating))
        assert (score.comment, score.about) == (None, None)
        assert call("get_csat_scores_session_by_session_id", session.id) == score
    assert call("get_csat_scores_by_id", score.id) == score
    assert call("get_csat_scores_contact_by_contact_id", contact).items == [score]
    assert len(call("get_csat_scores").items) == 2
    for group_by in models.GetCsatReportGroupBy:
        assert call("get_csat_report", group_by=group_by).total.answered == 2
    status = call("get_csat_sending")
    assert status.paused is None
    call("post_csat_sending_pause", body=("PauseInputRequest", {}))
    call("post_csat_sending_resume", body=("ChannelOrAllRequest", {}))
    call("post_csat_sending_try", body=("OneChannelRequest", {"channel": "email"}))
    call("post_csat_sending_resend", body=("ResendInputRequest", {}))


def webhooks() -> None:
    content = {"url": LISTENER, "events": ["csat.score_submitted"]}
    added = call("post_webhooks", body=("EndpointInputRequest", content))
    assert (added.last_success_at, added.disabled_reason) == (None, None)
    assert call("get_webhooks").items
    assert call("get_webhooks_by_id", added.id).url == LISTENER
    tested = call("post_webhooks_by_id_test", added.id)
    [one] = call("get_webhooks_by_id_calls", added.id).items
    assert (one.id, one.delivered_at, one.status) == (tested.id, None, None)
    call("post_webhooks_by_id_calls_by_call_id_replay", added.id, one.id)
    call(
        "post_webhooks_by_id_replay", added.id, body=("ReplayInputRequest", {"since": "2026-01-01T00:00:00Z"})
    )
    assert call("post_webhooks_by_id_rotate", added.id).secret != added.secret
    call("patch_webhooks_by_id", added.id, body=("PatchedEndpointInputRequest", {"description": None}))
    call("delete_webhooks_by_id", added.id)


def workflows(session: Any) -> None:
    steps = [{"id": "tag", "type": "add_tag", "params": {"tag": "vip"}}]
    content = {"name": "Tag", "trigger_type": "manual-trigger", "workflow_blocks": steps}
    draft = call("post_workflows", body=("WorkflowInputRequest", content))
    assert draft.active_version is None
    refused = call("post_workflows_validate", body=("WorkflowCheckRequest", {"workflow_blocks": []}))
    assert refused.issues[0].step_id is None
    assert call("post_workflows_by_id_activate", draft.id).active_version == 1
    run = call(
        "post_workflows_by_id_run", draft.id, body=("RunInputRequest", {"session_id": str(session.id)})
    )
    assert (run.error, run.finished_at) == (None, None)
    assert call("get_workflows_by_id_runs", draft.id).items == [run]
    assert call("get_workflows").items
    call("patch_workflows_by_id", draft.id, body=("PatchedWorkflowInputRequest", {"name": "Tag them"}))
    assert call("get_workflows_by_id", draft.id).name == "Tag them"
    call("post_workflows_by_id_deactivate", draft.id)
    call("delete_workflows_by_id", draft.id)


def imports() -> None:
    upload = models.ImportInputRequest.from_dict({"file": b"", "kind": "generic"})
    upload.file = File(payload=io.BytesIO(b"ticket,score,date\n1,5,2026-01-02\n"), file_name="past.csv")
    source = call("post_imports", upload=upload)
    assert source.finished_at is None
    assert call("get_imports").items == [source]
    assert call("get_imports_by_id", source.id).rejects == []
    call("delete_imports_by_id", source.id)


def connections() -> None:
    desk = LISTENER.removesuffix("/hook")  # which knows of no conversation
    content = {
        "kind": "freescout",
        "base_url": desk,
        "secrets": {"token": "x"},
        "rules": {"resolved": ["closed"]},
    }
    added = call("post_connections", body=("ConnectionInputRequest", content))
    assert (added.paused_at, added.last_event_at, added.own_user) == (None, None, None)
    assert added.rules.resolved == ["closed"]
    assert call("get_connections").items[0].id == added.id
    assert call("get_connections_by_id", added.id).figures.oldest_waiting_at is None
    assert call("post_connections_by_id_test", added.id).items == []
    path = urlsplit(added.inbound_url).path
    event = Request(f"{BASE}{path}", b"{}", {"Content-Type": "application/json"})
    assert urlopen(event, timeout=60).status == 200
    [received] = call("get_connections_by_id_events", added.id).items
    assert (received.outcome, received.session_id) == ("waiting", None)
    again = call("post_connections_by_id_events_by_event_id_process", added.id, received.id)
    assert again.id == received.id
    assert call("post_connections_by_id_pause", added.id).next_sweep is None
    assert call("post_connections_by_id_resume", added.id).paused_at is None
    changes = {"rules": {"write_back": {"tag": True}}}
    changed = call("patch_connections_by_id", added.id, body=("PatchedConnectionChangeRequest", changes))
    assert (changed.rules.write_back.tag, changed.inbound_url) == (True, added.inbound_url)
    call("delete_connections_by_id", added.id)


def brands() -> None:
    [default] = call("get_brands", limit=200).items
    assert (default.id, default.slug) == (None, "default")
    content = {"slug": "globex", "name": "Globex", "opening_line": {"de": "Hallo"}}
    added = call("post_brands", body=("BrandInputRequest", content))
    assert (added.sender, added.logo, added.reply_to) == (None, None, None)
    assert call("get_brands_by_brand", "globex") == added
    changed = call("patch_brands_by_brand", "globex", body=("PatchedBrandChangeRequest", {"reply_to": None}))
    assert changed.opening_line.to_dict()["de"] == "Hallo"
    call("delete_brands_by_brand", "globex")


def reports() -> None:
    assert call("get_csat_report_recovery").groups == []
    [view] = call("get_reports_views").items
    wanted = {"view_id": str(view.id), "rhythm": "daily", "hour": 7}
    digest = call("post_reports_digests", body=("DigestInputRequest", wanted))
    assert digest.to is None
    assert call("get_reports_digests").items == [digest]
    assert call("get_reports_digests_by_id", digest.id) == digest
    changed = call("patch_reports_digests_by_id", digest.id, body=("PatchedDigestTimesRequest", {"hour": 8}))
    assert changed.hour == 8
    call("delete_reports_digests_by_id", digest.id)
    share = call("post_reports_shares", body=("ShareInputRequest", {"view_id": str(view.id), "days": 7}))
    assert share.url
    assert [one.id for one in call("get_reports_shares").items] == [share.id]
    assert call("get_reports_shares_by_id", share.id).id == share.id
    names = ("PatchedShareChangeRequest", {"with_names": True})
    assert call("patch_reports_shares_by_id", share.id, body=names).with_names
    call("delete_reports_shares_by_id", share.id)
    content = {"day": "2026-11-20", "text": "New release", "team": None}
    note = call("post_reports_notes", body=("NoteInputRequest", content))
    assert note.team is None
    assert call("get_reports_notes").items == [note]
    assert call("get_reports_notes_by_id", note.id) == note
    rolled = ("PatchedNoteInputRequest", {"text": "Rolled back"})
    assert call("patch_reports_notes_by_id", note.id, body=rolled).text == "Rolled back"
    call("delete_reports_notes_by_id", note.id)


def main() -> None:
    assert call("get_handoff_analytics").total_handoffs == 0
    contact = contacts()
    bare, full = sessions(contact)
    assert call("get_handoff_analytics").total_handoffs == 1
    assert len(call("get_handoff_analytics_events").items) == 1
    surveys(contact, bare, full)
    webhooks()
    workflows(bare)
    imports()
    connections()
    brands()
    reports()
    print(json.dumps(sorted(called)))


main()
