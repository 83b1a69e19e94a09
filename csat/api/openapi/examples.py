"""An example of each answer: one conversation, its survey, and the webhook and workflow that follow."""

from typing import Any

from csat.lib.types import JsonObject

BEGAN, ENDED, ASKED, RATED = (
    "2026-11-20T09:58:00Z",
    "2026-11-20T10:20:00Z",
    "2026-11-20T10:20:04Z",
    "2026-11-20T10:31:12Z",
)
SESSION_ID, CONTACT_ID, SURVEY_ID = (
    "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "9f3a1c52-6d0e-4c3a-8a3f-1d2b7c55e0aa",
    "c2b1a7de-51f0-4e7c-9c1d-7a90e1f3b644",
)
AGENT_ID, WEBHOOK_ID, WORKFLOW_ID, CONNECTION_ID = (
    "5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60",
    "7e5d2f90-3b1c-4a86-9d24-0c6e8fb1a2d3",
    "e8a4c6b2-17d9-4f35-b0e6-92c3d1a57f48",
    "0f4be27c-5a8d-4c19-a6f3-7d2e9b0c8a51",
)
LINK = "https://csat.acme.example/r/4kZr0QeYt1uXbN7mVwPs2c"

PERSON = {
    "id": CONTACT_ID,
    "email": "ana@acme.example",
    "phone_number": "+4930123456",
    "name": "Ana Souza",
    "custom_data": {"plan": "pro"},
}
CONTACT = PERSON | {
    "language": "pt-br", "timezone": "America/Sao_Paulo", "external_id": "crm-17", "created_at": BEGAN,
    "updated_at": BEGAN,
}  # fmt: skip
HANDOFF = {
    "id": "0d9c7b1e-6f42-4d58-8a17-b3e5c2f4a690", "session_id": SESSION_ID, "reasons": ["insufficient_tools"],
    "summary": "Wants a refund the AI cannot give", "sentiment": "angry",
    "created_at": "2026-11-20T10:02:00Z",
}  # fmt: skip
SESSION = {
    "id": SESSION_ID, "ticket_number": 4521, "external_id": "zd-4521", "status": "closed_resolved",
    "ai_closure_type": "handed_off",
    "sentiment": "angry", "channel": {"type": "email"}, "subject": "Refund", "language": "pt-br",
    "assignee_id": AGENT_ID,
    "team": "Billing", "brand": "default", "contact": CONTACT, "handoff": HANDOFF, "tags": ["refund"],
    "custom_data": {"order": "A-20871"},
    "bridged_to_web": False, "skip_csat": False,
    "csat": {"state": "answered", "score": 4, "requested_at": ASKED, "submitted_at": RATED},
    "origin": {
        "connection_id": CONNECTION_ID, "kind": "chatwoot", "external_id": "4821",
        "url": "https://chat.acme.example/app/accounts/1/conversations/4821",
    },
    "created_at": BEGAN, "updated_at": RATED, "resolved_at": ENDED,
}  # fmt: skip
MESSAGE = {
    "id": "b7f21d04-8c6a-4e93-a5d1-4f0e9c3b7a12", "created_at": BEGAN,
    "event": {"type": "message", "sender": {"type": "contact", "name": "Ana Souza"},
    "content": {"type": "text", "text": "Where is it?"}},
}  # fmt: skip
HISTORY = [
    MESSAGE,
    {
        "id": "d41c8e7a-2b95-4f60-93ae-6c7d0f1b5e28", "created_at": ENDED,
        "event": {"type": "closed_resolved_by_agent", "sender": {"type": "agent", "name": "Sam"},
        "content": {}},
    },
    {
        "id": "f60a3b9c-7e14-4d82-b1c5-8d9e2a4f6c73", "created_at": RATED,
        "event": {
            "type": "csat_submitted", "sender": {"type": "contact", "name": "Ana Souza"},
            "content": {"score": 4, "feedback": "Quick, thanks"},
        },
    },
]  # fmt: skip
REQUEST = {
    "id": SURVEY_ID, "session_id": SESSION_ID, "ticket_number": 4521, "contact_id": CONTACT_ID,
    "state": "sent", "channel": "email",
    "origin": "api", "language": "pt-br", "skipped_by": None, "scheduled_for": ENDED, "requested_at": ASKED,
    "delivered_at": ASKED,
    "delivered_via": "email", "answered_at": None, "expires_at": "2026-12-20T10:20:04Z", "created_at": ENDED,
    "updated_at": ASKED,
    "gates": [{"name": "channel", "passed": True, "value": "email", "text": "Surveys on Email are on"}],
    "deliveries": [
        {
            "channel": "email", "transport": "smtp", "address": "ana@acme.example", "reason": "first",
            "state": "sent",
            "provider_id": "<survey.c2b1a7de@csat.acme.example>", "attempt": 1, "error": None,
            "sent_at": ASKED, "delivered_at": None,
            "shown_at": None,
        }
    ],
}  # fmt: skip
SCORE = {
    "id": "a1d8f5c3-40b7-4e29-96fa-5c2e7b0d3194", "organization_id": "1f6b2c8d-93e4-4a75-8d0c-b7a9e5f21c36",
    "session_id": SESSION_ID,
    "score": 4, "label": "Good", "emoji": "🙂", "comment": "Quick, thanks", "themes": ["fast"],
    "about": None, "channel": "email", "source": "page", "imported": False,
    "agent": {"id": AGENT_ID, "name": "Sam", "kind": "human"}, "created_at": RATED, "updated_at": RATED,
    "contact": PERSON,
}  # fmt: skip
FIGURES = {
    "requested": 120, "delivered": 114, "answered": 40, "response_rate": 0.3508771929824561, "csat": 0.875,
    "csat_low": 0.7388745,
    "csat_high": 0.9453983, "average": 4.35, "distribution": {"1": 1, "2": 2, "3": 2, "4": 12, "5": 23},
}  # fmt: skip
RECOVERY = {
    "low": 40, "reopened": 22, "asked_again": 18, "better": 12, "recovery_rate": 0.3,
    "recovery_rate_low": 0.1807, "recovery_rate_high": 0.4543, "median_hours": 20.5,
    "median_hours_low": 7.25, "median_hours_high": 46.0,
}  # fmt: skip
SETTINGS = {
    "auto_send": True, "delay_seconds": 300, "ticketing_system": "open",
    "custom_message": {"default": "", "de": "Wie war {agent_name}?"},
    "channels": {
        kind: {"enabled": kind == "email"} for kind in ("web", "email", "phone_voice", "whatsapp", "sms",
        "slack", "api", "web_voice")
    },
    "contact_cap_days": 0, "sample_percent": 100, "quiet_hours": {"start": "21:00", "end": "08:00"},
    "sending_hours": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "tue": [["09:00", "18:00"]]},
    "holidays": ["2026-12-25", "2027-01-01"], "delay_in_office_hours": False,
    "skip_no_customer_message": False,
    "skip_ai_assumed": False, "skip_staff": True, "quiet_after_days": 30,
    "link_days": 30, "reminder_days": 0, "ask_within_hours": 72,
    "guaranteed_delivery": True, "fallback_after_hours": None, "ask_about": False,
    "comments_hidden_from_agents": False, "agents_see_own_only": False, "agents_may_copy_links": True,
    "reopen_by_customer": True, "reopen_within_hours": 24, "review_link": None,
    "follow_up_hours": {"1": 4, "2": 8},
    "brand_name": "Acme", "brand_color": "#2f5fd0", "brand_logo": None,
    "reply_to": "support@acme.example", "languages": [],
}  # fmt: skip
BRAND = {
    "id": "6e1b9c3d-4f27-4d0a-8b65-2a9c7e0f1d43", "slug": "globex", "name": "Globex Support",
    "color": "#0a6d3c",
    "logo": "https://csat.acme.example/media/brand/logo.png",
    "sender": "Globex Support <care@globex.example>", "reply_to": None,
    "opening_line": {"default": "How did we do, {contact_name}?"}, "archived": False,
    "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip
SENDING = {
    "paused": None,
    "channels": [
        {
            "channel": "email", "state": "away", "since": "2026-11-20T18:02:11Z",
            "reason": "[Errno 111] Connection refused", "next_try_at": "2026-11-20T18:44:30Z",
            "waiting": 212, "oldest_due_at": "2026-11-20T18:01:58Z",
        },
        {
            "channel": "sms", "state": "sending", "since": None, "reason": None, "next_try_at": None,
            "waiting": 0, "oldest_due_at": None,
        },
    ],
}  # fmt: skip
RESEND = {
    "dry_run": True, "since": "2026-11-20T18:00:00Z", "failed": 41, "asked": 38, "not_asked": {"opt_out": 3},
    "left": 0,
    "groups": [
        {
            "channel": "email", "code": "554", "reason": "554 5.7.1 Sender refused",
            "failed": 41, "asked": 38,
        }
    ],
}  # fmt: skip
ANALYTICS = {
    "summary": "1 handoff in 1 session.", "total_handoffs": 1, "total_sessions": 1,
    "start_date": "2026-10-26T00:00:00Z",
    "end_date": "2026-11-25T00:00:00Z",
    "reasons": [{"reason": "insufficient_tools", "count": 1, "percentage": 100.0}],
    "reason_combinations": [{"reasons": ["insufficient_tools"], "session_count": 1, "percentage": 100.0}],
    "sentiments": [{"sentiment": "angry", "count": 1, "percentage": 100.0}],
    "trends": [{"date": "2026-11-20", "count": 1}],
    "knowledge_references": [], "tool_references": [], "instruction_references": [],
    "prohibited_topic_references": [],
}  # fmt: skip
WEBHOOK = {
    "id": WEBHOOK_ID, "url": "https://crm.acme.example/csat", "description": "CRM",
    "events": ["csat.requested", "csat.score_submitted"],
    "enabled": True, "health": "healthy", "failures": 0, "failing_since": None, "last_success_at": RATED,
    "disabled_reason": None,
    "created_at": BEGAN, "updated_at": RATED,
}  # fmt: skip
CALL = {
    "id": "6c3e9a70-5d1f-4b82-a4c6-e0f7d2b81953", "message_id": "msg_6c3e9a705d1f4b82a4c6e0f7d2b81953",
    "type": "csat.score_submitted",
    "state": "delivered", "body": '{"type":"csat.score_submitted","event":"csat.score_submitted", …}',
    "status": 204, "attempt": 1,
    "attempts": [{"at": RATED, "status": 204, "ms": 38, "answer": "", "error": "", "retry_after": None}],
    "next_try": None,
    "delivered_at": RATED, "created_at": RATED, "updated_at": RATED,
}  # fmt: skip
WORKFLOW = {
    "id": WORKFLOW_ID, "name": "Look after low scores", "active": True, "active_version": 1, "version": 1,
    "status": "active",
    "trigger_type": "csat-score-submit", "trigger_constraints": {"<": [{"var": "csat.score"}, 3]},
    "workflow_blocks": [{"id": "tag", "type": "add_tag", "params": {"tag": "low score"}}],
    "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip
RUN = {
    "id": "48d7b2e5-0a6c-4f91-8e3d-c5f1a9b07264", "workflow_id": WORKFLOW_ID, "version": 1,
    "session_id": SESSION_ID,
    "trigger_type": "csat-score-submit", "state": "succeeded", "depth": 1, "error": None,
    "steps": [
        {
            "id": "93b5e0c7-f28d-4a16-b7c4-1d6e8f3a5029", "step_id": "tag", "type": "add_tag",
            "state": "succeeded", "attempt": 1,
            "interrupted": False, "input": {"tag": "low score"}, "output": {"tag": "low score"},
            "error": None, "started_at": RATED,
            "finished_at": RATED,
        }
    ],
    "started_at": RATED, "finished_at": RATED, "created_at": RATED, "updated_at": RATED,
}  # fmt: skip
CONNECTION = {
    "id": CONNECTION_ID, "kind": "chatwoot", "name": "Chatwoot", "base_url": "https://chat.acme.example",
    "own_user": None, "fields": {},
    "rules": {
        "account": "1", "resolved": ["resolved"], "inboxes": [], "channels": {"4": "email"},
        "write_back": {"note": True, "fields": True, "tag": False}, "send": False, "mapping": {},
    },
    "state": "green", "text": "Working",
    "figures": {
        "events": 214, "applied": 188, "ignored": 26, "failed": 0, "oldest_waiting_at": None,
        "waiting_write_backs": 0, "refused_write_backs": 0,
    },
    "paused_at": None, "paused_reason": None, "last_event_at": RATED, "last_write_back_at": RATED,
    "next_sweep": "2026-11-20T10:35:00Z", "created_at": BEGAN, "updated_at": RATED,
}  # fmt: skip
ARRIVAL = {
    "external_id": "4821", "at": ENDED, "their_status": "resolved", "status": "closed_resolved",
    "channel": "email", "inbox": "4", "url": "https://chat.acme.example/app/accounts/1/conversations/4821",
    "asked": True, "text": "would be asked by Email",
}  # fmt: skip
INBOUND_EVENT = {
    "id": "b83d5f0a-4e71-4c26-9d8b-1f7a2c6e0d95", "received_at": ENDED,
    "event": "conversation_status_changed", "outcome": "applied", "text": "resolved",
    "session_id": SESSION_ID,
}  # fmt: skip
NEXT = "WyJjcmVhdGVkX2F0IiwiMjAyNi0xMS0yMFQwOTo1ODowMCswMDowMCIsNDUyMV0"


IMPORT = {
    "id": "5b1f0a44-7d0e-4c36-9d0c-2f7f1c8e6a10", "kind": "zendesk", "state": "done",
    "file_name": "ratings.csv",
    "mapping": {"ticket": 2, "score": 6, "when": 9, "scale": "words", "day_first": False},
    "total": 1200, "progress": 1200,
    "counts": {"new": 1187, "updated": 3, "unchanged": 8, "refused": 2},
    "kept": 0, "error": "", "created_at": RATED, "updated_at": RATED, "finished_at": RATED,
}  # fmt: skip


_VIEW_ID = "b7c1d2e3-4f5a-4b6c-8d7e-9f0a1b2c3d4e"
VIEW = {
    "id": _VIEW_ID, "name": "Email, weekly", "query": "period=7&channel=email", "owner": "maria",
    "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip
DIGEST = {
    "id": "1f6a9c3e-52b7-4d08-9e41-6c7a8b9d0e1f", "view_id": _VIEW_ID, "view_name": "Email, weekly",
    "via": "email", "reader": "maria", "to": None, "rhythm": "weekly", "weekday": 0, "hour": 8,
    "next_at": "2026-11-23T07:00:00Z", "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip
SHARE = {
    "id": "2a7b8c9d-0e1f-4a2b-8c3d-4e5f6a7b8c9d", "view_id": _VIEW_ID, "view_name": "Email, weekly",
    "owner": "maria", "with_names": False, "with_comments": False, "expires_at": "2026-12-20T09:58:00Z",
    "last_opened_at": None, "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip
NOTE = {
    "id": "3b8c9d0e-1f2a-4b3c-9d4e-5f6a7b8c9d0e", "day": "2026-11-20", "text": "New release", "team": None,
    "created_at": BEGAN, "updated_at": BEGAN,
}  # fmt: skip


def _page(*items: Any, **more: Any) -> JsonObject:
    return {"items": list(items), "next": NEXT, **more}


ANSWERS: JsonObject = {
    "ContactShape": CONTACT,
    "ContactShapePage": _page(CONTACT),
    "SessionShape": SESSION,
    "SessionShapePage": _page(SESSION),
    "BulkAnswers": {"items": [{"id": SESSION_ID, "external_id": "zd-4521"},
    {"error": "channel: Choose from: web, email, …"}]},
    "MessageAnswer": {"success": True, "data": {"message": MESSAGE}},
    "HistoryShapePage": {"items": HISTORY, "next": None},
    "HandoffShape": HANDOFF,
    "AnalyticsShape": ANALYTICS,
    "HandoffEventPage": _page(HANDOFF | {"ticket_number": 4521, "explanation": HANDOFF["summary"]}, total=1),
    "WidgetToken": {
        "token": "9sKq2VdLw7hTzR4mXcB0Ne", "script_url": "https://csat.acme.example/widget/csat.js",
        "expires_at": "2026-12-20T10:20:00Z",
    },
    "RequestShape": REQUEST,
    "RequestShapePage": _page(REQUEST),
    "LinkShape": {"url": LINK, "expires_at": "2026-12-20T10:20:04Z", "survey_id": SURVEY_ID},
    "ScoreShape": SCORE,
    "ScoreShapePage": _page(SCORE),
    "NullableScoreShape": SCORE,
    "ReportShape": {
        "total": FIGURES,
        "groups": [{"key": "email", "label": "Email", **FIGURES}],
        "target": {"percent": 85, "standing": "too_few"},
    },
    "RecoveryShape": {
        "total": RECOVERY,
        "groups": [{"key": "product", "label": "the product", **RECOVERY}],
    },
    "SettingsShape": SETTINGS,
    "SendingShape": SENDING,
    "ResendShape": RESEND,
    "EndpointShape": WEBHOOK,
    "EndpointShapePage": _page(WEBHOOK),
    "EndpointWithSecret": WEBHOOK | {"secret": "whsec_bm90IGEgc2VjcmV0LCBqdXN0IGFuIGV4YW1wbGU="},
    "CallShape": CALL,
    "CallShapePage": _page(CALL),
    "Replayed": {"replayed": 1},
    "WorkflowShape": WORKFLOW,
    "WorkflowShapePage": _page(WORKFLOW),
    "Verdict": {"valid": False, "issues": [{"step_id": "tag", "message": "Name the tag."}]},
    "RunShape": RUN,
    "RunShapePage": _page(RUN),
    "ImportShape": IMPORT,
    "ImportShapePage": _page(IMPORT),
    "ImportDetail": IMPORT | {"rejects": [{"row": 12, "reason": "when: This is in the future."}]},
    "ConnectionShape": CONNECTION,
    "ConnectionShapePage": _page(CONNECTION),
    "ConnectionWithAddress": CONNECTION
    | {"inbound_url": "https://csat.acme.example/connect/chatwoot/bm90IGEgc2VjcmV0IGp1c3QgYW4gZXhhbXBsZQ"},
    "Arrivals": {"items": [ARRIVAL]},
    "InboundEventShape": INBOUND_EVENT,
    "InboundEventShapePage": _page(INBOUND_EVENT),
    "ViewShapePage": _page(VIEW),
    "DigestShape": DIGEST,
    "DigestShapePage": _page(DIGEST),
    "ShareShape": SHARE,
    "ShareShapePage": _page(SHARE),
    "ShareWithUrl": SHARE | {"url": "https://csat.acme.example/share/0e1f4a2b8c3d:bm90IGEgc2VjcmV0/"},
    "NoteShape": NOTE,
    "NoteShapePage": _page(NOTE),
    "BrandShape": BRAND,
    "BrandShapePage": _page(BRAND),
}  # fmt: skip
