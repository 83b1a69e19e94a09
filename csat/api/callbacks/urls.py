"""Addresses for providers that call back."""

from django.urls import URLPattern, URLResolver, path

from csat.api.callbacks import channel, email, slack, twilio

urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:kind>", channel.receive),
    path("twilio/status", twilio.receive_status),
    path("twilio/inbound", twilio.receive_message),
    path("slack/interactions", slack.receive_interaction),
    path("email/<slug:esp>/<slug:what>", email.receive),
    path("email/<slug:esp>/<slug:what>/", email.receive),
]
