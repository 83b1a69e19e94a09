"""Every address of the application: the doors, one line each."""

from django.contrib import admin
from django.urls import include, path

from csat.api import errors

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("csat.api.urls")),
    path("api/v1", errors.not_found),
    path("callbacks/", include("csat.api.callback_urls")),
    path("", include("csat.web.urls")),
]

handler400 = "csat.api.errors.bad_request"
handler403 = "csat.web.errors.forbidden"
handler404 = "csat.web.errors.not_found"
handler500 = "csat.web.errors.broken"
