"""Addresses for providers that call back."""

from django.urls import URLPattern, URLResolver, path

from csat.api import callbacks

urlpatterns: list[URLPattern | URLResolver] = [
    path("twilio/status", callbacks.twilio_status),
    path("twilio/inbound", callbacks.twilio_inbound),
    path("slack/interactions", callbacks.slack_interactions),
    path("email/<slug:esp>/<slug:what>", callbacks.email),
    path("email/<slug:esp>/<slug:what>/", callbacks.email),
]
