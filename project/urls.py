"""The URLs of the application."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from csat.api import errors
from csat.api.callbacks import connections
from csat.web import login

urlpatterns = [
    # one login for all pages, with its limits
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/logout/", login.log_out),
    path("admin/", admin.site.urls),
    path("api/v1/", include("csat.api.urls")),
    path("api/v1", errors.not_found),
    path("callbacks/", include("csat.api.callbacks.urls")),
    path("connect/<slug:kind>/<slug:token>", connections.receive, name="connect"),
    path("", include("csat.web.urls")),
]

handler400 = "csat.api.errors.bad_request"
handler403 = "csat.web.errors.forbidden"
handler404 = "csat.web.errors.not_found"
handler500 = "csat.web.errors.broken"
