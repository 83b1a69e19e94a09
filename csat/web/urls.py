"""Addresses for people with a browser."""

from django.urls import URLPattern, URLResolver, path

from csat.web import (
    acting,
    api_keys,
    branding,
    contacts,
    health,
    inbox,
    login,
    metrics,
    outbox,
    rating,
    session,
    settings,
    unsubscribing,
    webhooks,
    workflows,
)

urlpatterns: list[URLPattern | URLResolver] = [
    # coming in
    path("", login.home, name="home"),
    path("login/", login.log_in, name="login"),
    path("logout/", login.log_out, name="logout"),
    # the team's side
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/<uuid:uuid>/", session.page, name="session"),
    path("inbox/<uuid:uuid>/link/", acting.link, name="session-link"),
    path("inbox/<uuid:uuid>/<slug:name>/", acting.act, name="act"),
    path("contacts/", contacts.page, name="contacts"),
    path("contacts/<uuid:uuid>/", contacts.one, name="contact"),
    path("contacts/<uuid:uuid>/<slug:name>/", contacts.act, name="contact-act"),
    path("outbox/", outbox.page, name="outbox"),
    path("outbox/<uuid:uuid>/", outbox.one, name="outbox-message"),
    path("outbox/<uuid:uuid>/mail/", outbox.mail, name="outbox-mail"),
    path("workflows/", workflows.page, name="workflows"),
    path("workflows/new/", workflows.new, name="workflow-new"),
    path("workflows/<uuid:uuid>/", workflows.one, name="workflow"),
    path("workflows/<uuid:uuid>/edit/", workflows.edit, name="workflow-edit"),
    path("workflows/<uuid:uuid>/runs/", workflows.runs, name="workflow-runs"),
    path("workflows/<uuid:uuid>/runs/<uuid:run_id>/", workflows.run, name="workflow-run"),
    path("workflows/<uuid:uuid>/runs/<uuid:run_id>/retry/", workflows.retry, name="workflow-retry"),
    path("workflows/<uuid:uuid>/<slug:name>/", workflows.act, name="workflow-act"),
    # the customer's side
    path("r/<str:token>", rating.rate, name="rate"),
    path("u/<str:token>", unsubscribing.unsubscribe, name="unsubscribe"),
    path("brand-<slug:digest>.css", branding.css, name="brand-css"),
    path("media/brand/<str:name>", branding.logo, name="brand-logo"),
    # settings
    path("settings/", settings.index, name="settings"),
    path("settings/csat/", settings.csat, name="settings-csat"),
    path("settings/csat/dry-run/", settings.dry_run, name="settings-dry-run"),
    path("settings/csat/preview/", settings.preview, name="settings-preview"),
    path("settings/csat/preview/<slug:kind>/", settings.preview, name="settings-preview-kind"),
    path("settings/csat/preview/<slug:kind>/mail/", settings.preview_page, name="settings-preview-page"),
    path("settings/csat/test/<slug:kind>/", settings.test, name="settings-test"),
    path("settings/csat/resume/<slug:kind>/", settings.resume, name="settings-resume"),
    path("settings/webhooks/", webhooks.page, name="settings-webhooks"),
    path("settings/webhooks/<uuid:uuid>/", webhooks.one, name="settings-webhook"),
    path("settings/webhooks/<uuid:uuid>/calls/", webhooks.calls, name="settings-webhook-calls"),
    path("settings/webhooks/<uuid:uuid>/<slug:name>/", webhooks.act, name="settings-webhook-act"),
    path("settings/api-keys/", api_keys.page, name="settings-api-keys"),
    path("settings/api-keys/<uuid:uuid>/revoke/", api_keys.revoke, name="settings-api-key-revoke"),
    # machines
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
]
