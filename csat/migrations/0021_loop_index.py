"""What the sweep finds overdue follow-ups by; built while others go on writing."""

from django.db import migrations, models

from csat.lib.migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("csat", "0020_loop"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='followup',
            index=models.Index(condition=models.Q(('done_at', None), ('due_at__isnull', False), ('overdue_at', None)), fields=['due_at'], name='follow_up_due'),
        ),
    ]
