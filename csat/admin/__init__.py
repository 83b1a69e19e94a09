"""Django's admin for operators, one module per room."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from csat.admin import (  # noqa: F401 (each module registers its models)
    channels,
    connectors,
    csat_settings,
    follow_ups,
    imports,
    people,
    queue,
    reports,
    sessions,
    surveys,
    timeline,
    users,
    webhooks,
    workflows,
)

admin.site.site_title = _("CSAT admin")
admin.site.site_header = _("CSAT administration")
admin.site.index_title = _("All records")
admin.site.site_url = "/inbox/"
