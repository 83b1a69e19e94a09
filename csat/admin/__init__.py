"""The door for operators: Django's admin, one module per room."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from csat.admin import channels, following, people, queue, reports, rules, sessions, surveys, timeline, users, webhooks, workflows  # noqa: F401 (each registers its tables)

admin.site.site_title = _("CSAT admin")
admin.site.site_header = _("CSAT administration")
admin.site.index_title = _("Everything there is")
admin.site.site_url = "/inbox/"
