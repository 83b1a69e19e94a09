"""Addresses for people with a browser."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from csat.web import branding, checklist, contacts, invitations, login, my_scores, outbox, profile, welcome
from csat.web.customer import demo_chat, rating, unsubscribe, widget
from csat.web.customer.link_path import LinkToken
from csat.web.inbox import actions, practice, session
from csat.web.inbox import page as inbox
from csat.web.machines import csp_reports, demo_hook, health, metrics
from csat.web.reports import chart_notes, digests, exports, saved_views, shares, targets
from csat.web.reports import page as reports
from csat.web.settings import (
    api_keys,
    audit,
    brands,
    connection_actions,
    connection_events,
    connection_rules,
    connection_set_up,
    connections,
    csat,
    imports,
    people,
    retention,
    sending,
    system,
    themes,
    webhooks,
)
from csat.web.workflows import actions as workflow_actions
from csat.web.workflows import builder, runs
from csat.web.workflows import page as workflows

register_converter(LinkToken, "link_token")

urlpatterns: list[URLPattern | URLResolver] = [
    # coming in
    path("", login.home, name="home"),
    path("login/", welcome.unless_first_run(login.log_in), name="login"),
    path("login/", welcome.unless_first_run(login.log_in), name="account_login"),  # as django-allauth says
    path("logout/", login.log_out, name="logout"),
    path("account/", include("csat.web.account.urls")),
    path("profile/", profile.page, name="profile"),
    path("profile/email/", profile.email, name="profile-email"),
    path("profile/email/again/", profile.send_again, name="profile-email-again"),
    path("profile/email/cancel/", profile.cancel_email, name="profile-email-cancel"),
    path("profile/email/<str:token>/", profile.confirm_email, name="profile-email-confirm"),
    path("invite/<slug:token>/", invitations.accept, name="invitation"),
    path("welcome/", welcome.page, name="welcome"),
    # the team's side
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/<uuid:uuid>/", session.page, name="session"),
    path("inbox/practice/", practice.make, name="practice"),
    path("inbox/<uuid:uuid>/remove-practice/", practice.remove, name="practice-remove"),
    path("inbox/<uuid:uuid>/link/", actions.link, name="session-link"),
    path("inbox/<uuid:uuid>/<slug:name>/", actions.act, name="act"),
    path("checklist/<slug:name>/", checklist.act, name="checklist"),
    path("contacts/", contacts.page, name="contacts"),
    path("contacts/<uuid:uuid>/", contacts.one, name="contact"),
    path("contacts/<uuid:uuid>/data/", contacts.data, name="contact-data"),
    path("contacts/<uuid:uuid>/<slug:name>/", contacts.act, name="contact-act"),
    path("outbox/", outbox.page, name="outbox"),
    path("outbox/<uuid:uuid>/", outbox.one, name="outbox-message"),
    path("outbox/<uuid:uuid>/mail/", outbox.mail, name="outbox-mail"),
    path("reports/", reports.page, name="reports"),
    path("reports/sessions/", reports.sessions, name="report-sessions"),
    path("reports/views/", saved_views.save, name="report-save"),
    path("reports/views/<uuid:uuid>/rename/", saved_views.rename, name="report-rename"),
    path("reports/views/<uuid:uuid>/delete/", saved_views.delete, name="report-forget"),
    path("reports/views/<uuid:uuid>/send/", digests.send, name="report-send"),
    path("reports/views/<uuid:uuid>/share/", shares.share, name="report-share"),
    path("reports/shares/<uuid:uuid>/revoke/", shares.revoke, name="share-revoke"),
    path("reports/notes/", chart_notes.add, name="chart-note-add"),
    path("reports/notes/<uuid:uuid>/remove/", chart_notes.remove, name="chart-note-remove"),
    path("reports/targets/", targets.page, name="targets"),
    path("reports/sent/", digests.page, name="digests"),
    path("reports/sent/<uuid:uuid>/stop/", digests.stop, name="digest-stop"),
    path("reports/export/", exports.page, name="export"),
    path("reports/export/now/", exports.now, name="export-now"),
    path("reports/export/start/", exports.start, name="export-start"),
    path("reports/export/<uuid:uuid>/", exports.one, name="export-one"),
    path("reports/export/<uuid:uuid>/cancel/", exports.cancel, name="export-cancel"),
    path("reports/export/<uuid:uuid>/file/", exports.download, name="export-file"),
    path("my-scores/", my_scores.page, name="my-scores"),
    path("my-scores/sessions/", my_scores.sessions, name="my-scores-sessions"),
    path("workflows/", workflows.page, name="workflows"),
    path("workflows/new/", workflows.new, name="workflow-new"),
    path("workflows/<uuid:uuid>/", builder.one, name="workflow"),
    path("workflows/<uuid:uuid>/edit/", builder.edit, name="workflow-edit"),
    path("workflows/<uuid:uuid>/runs/", runs.runs, name="workflow-runs"),
    path("workflows/<uuid:uuid>/runs/<uuid:run_id>/", runs.one, name="workflow-run"),
    path("workflows/<uuid:uuid>/runs/<uuid:run_id>/retry/", runs.retry, name="workflow-retry"),
    path("workflows/<uuid:uuid>/<slug:name>/", workflow_actions.act, name="workflow-act"),
    # without a login: by a signed link
    path("digests/stop/<str:token>/", digests.stop_by_link, name="digest-stop-by-link"),
    path("share/<str:token>/", shares.page, name="share"),
    path("share/<str:token>/wall/", shares.wall, name="share-wall"),
    # the customer's side
    path("r/<link_token:token>", rating.rate, name="rate"),
    path("u/<link_token:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("widget/csat.js", widget.loader, name="widget-loader"),
    path("widget/state/<str:token>", widget.state, name="widget-state"),
    path("widget/card/<str:token>", widget.card, name="widget-card"),
    path("widget/card/<str:token>/shown", widget.shown, name="widget-shown"),
    path("brand-<slug:colour_and_digest>.css", branding.css, name="brand-css"),
    path("media/brand/<str:name>", branding.logo, name="brand-logo"),
    # the demo's host page, under another name of this machine
    path("demo/hook/", demo_hook.receive, name="demo-hook"),
    path("demo/chat/", demo_chat.page, name="toy-chat"),
    path("demo/chat/<slug:act>", demo_chat.act, name="toy-chat-act"),
    path("demo/chat/<str:name>", demo_chat.page, name="toy-chat-file"),
    # settings
    path("settings/", csat.index, name="settings"),
    path("settings/csat/", csat.page, name="settings-csat"),
    path("settings/csat/dry-run/", csat.dry_run, name="settings-dry-run"),
    path("settings/csat/hours/copy/", csat.copy_hours, name="settings-hours-copy"),
    path("settings/csat/preview/", csat.preview, name="settings-preview"),
    path("settings/csat/preview/<slug:kind>/", csat.preview, name="settings-preview-kind"),
    path("settings/csat/preview/<slug:kind>/mail/", csat.preview_page, name="settings-preview-page"),
    path("settings/csat/test/<slug:kind>/", csat.test, name="settings-test"),
    path("settings/csat/sending/", sending.status, name="settings-sending"),
    path("settings/csat/pause/", sending.pause, name="settings-pause-all"),
    path("settings/csat/pause/<slug:kind>/", sending.pause, name="settings-pause"),
    path("settings/csat/resume/", sending.resume, name="settings-resume-all"),
    path("settings/csat/release/", sending.release_restored, name="settings-release"),
    path("settings/csat/resume/<slug:kind>/", sending.resume, name="settings-resume"),
    path("settings/csat/try/<slug:kind>/", sending.try_now, name="settings-try"),
    path("settings/csat/resend/", sending.resend, name="settings-resend"),
    path("settings/csat/resend/run/", sending.run_resend, name="settings-resend-run"),
    path("settings/retention/", retention.page, name="settings-retention"),
    path("settings/retention/dry-run/", retention.dry_run, name="settings-retention-dry-run"),
    path("settings/retention/save/", retention.save, name="settings-retention-save"),
    path("settings/brands/", brands.page, name="settings-brands"),
    path("settings/brands/new/", brands.new, name="settings-brand-new"),
    path("settings/brands/preview/", brands.preview, name="settings-brand-preview"),
    path("settings/brands/mail/<slug:kind>/", brands.mail, name="settings-brand-mail"),
    path("settings/brands/<uuid:uuid>/", brands.one, name="settings-brand"),
    path("settings/brands/<uuid:uuid>/preview/", brands.preview, name="settings-brand-preview-of"),
    path("settings/brands/<uuid:uuid>/test/", brands.test, name="settings-brand-test"),
    path("settings/brands/<uuid:uuid>/<slug:name>/", brands.act, name="settings-brand-act"),
    path("themes/", themes.page, name="themes"),
    path("themes/new/", themes.new, name="theme-new"),
    path("themes/<uuid:uuid>/", themes.one, name="theme"),
    path("themes/<uuid:uuid>/<slug:name>/", themes.act, name="theme-act"),
    path("settings/webhooks/", webhooks.page, name="settings-webhooks"),
    path("settings/webhooks/<uuid:uuid>/", webhooks.one, name="settings-webhook"),
    path("settings/webhooks/<uuid:uuid>/calls/", webhooks.calls, name="settings-webhook-calls"),
    path("settings/webhooks/<uuid:uuid>/<slug:name>/", webhooks.act, name="settings-webhook-act"),
    path("settings/connections/", connections.page, name="settings-connections"),
    path("settings/connections/file/", imports.page, name="settings-imports"),
    path("settings/connections/file/<uuid:uuid>/", imports.one, name="settings-import"),
    path(
        "settings/connections/file/<uuid:uuid>/progress/", imports.progress, name="settings-import-progress"
    ),
    path("settings/connections/file/<uuid:uuid>/refused/", imports.refused, name="settings-import-refused"),
    path("settings/connections/file/<uuid:uuid>/<slug:name>/", imports.act, name="settings-import-act"),
    path("settings/connections/new/<slug:kind>/", connection_set_up.new, name="settings-connection-new"),
    path("settings/connections/<uuid:uuid>/", connection_set_up.one, name="settings-connection"),
    path("settings/connections/<uuid:uuid>/status/", connections.status, name="settings-connection-status"),
    path(
        "settings/connections/<uuid:uuid>/events/",
        connection_events.events,
        name="settings-connection-events",
    ),
    path(
        "settings/connections/<uuid:uuid>/events/<uuid:event_id>/",
        connection_events.event,
        name="settings-connection-event",
    ),
    path(
        "settings/connections/<uuid:uuid>/events/<uuid:event_id>/process/",
        connection_events.process,
        name="settings-connection-process",
    ),
    path("settings/connections/<uuid:uuid>/rules/", connection_rules.page, name="settings-connection-rules"),
    path(
        "settings/connections/<uuid:uuid>/rules/dry-run/",
        connection_rules.dry_run,
        name="settings-connection-dry-run",
    ),
    path(
        "settings/connections/<uuid:uuid>/rules/mapping/",
        connection_rules.try_mapping,
        name="settings-connection-mapping",
    ),
    path(
        "settings/connections/<uuid:uuid>/remove/",
        connection_actions.remove,
        name="settings-connection-remove",
    ),
    path(
        "settings/connections/<uuid:uuid>/<slug:name>/",
        connection_actions.act,
        name="settings-connection-act",
    ),
    path("settings/people/", people.page, name="settings-people"),
    path("settings/people/invite/", people.invite, name="settings-people-invite"),
    path(
        "settings/people/second-factor/", people.require_second_factor, name="settings-people-second-factor"
    ),
    path(
        "settings/people/invitations/<uuid:uuid>/<slug:name>/", people.invitation, name="settings-invitation"
    ),
    path("settings/people/<int:pk>/", people.one, name="settings-person"),
    path("settings/people/<int:pk>/<slug:name>/", people.act, name="settings-person-act"),
    path("settings/api-keys/", api_keys.page, name="settings-api-keys"),
    path("settings/api-keys/<uuid:uuid>/revoke/", api_keys.revoke, name="settings-api-key-revoke"),
    path("settings/api-keys/<uuid:uuid>/rotate/", api_keys.rotate, name="settings-api-key-rotate"),
    path("settings/audit/", audit.page, name="settings-audit"),
    path("settings/audit/export/", audit.export, name="settings-audit-export"),
    path("settings/system/", system.page, name="settings-system"),
    # machines
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("csp-report", csp_reports.report, name="csp-report"),
    path("metrics", metrics.metrics, name="metrics"),
]
