"""Addresses for people with a browser."""

from django.urls import URLPattern, URLResolver, path

from csat.web import api_keys, health, inbox, login, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    # coming in
    path("", login.home, name="home"),
    path("login/", login.log_in, name="login"),
    path("logout/", login.log_out, name="logout"),
    # the team's side
    path("inbox/", inbox.page, name="inbox"),
    # the customer's side
    # settings
    path("settings/api-keys/", api_keys.page, name="settings-api-keys"),
    path("settings/api-keys/<uuid:uuid>/revoke/", api_keys.revoke, name="settings-api-key-revoke"),
    # machines
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
]
