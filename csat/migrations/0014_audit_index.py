"""The entries of one person in the audit log; those of all are found by event_kind_at."""

from django.db import migrations, models

from csat.lib.migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("csat", "0013_people")]

    operations = [
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("kind", "audit")),
                fields=["actor_id", "-at", "-id"],
                name="event_audit_actor",
            ),
        ),
    ]
