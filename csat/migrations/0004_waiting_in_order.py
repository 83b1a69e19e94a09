from django.db import migrations, models

from csat.lib.migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('csat', '0003_waiting_for_providers'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='delivery',
            index=models.Index(
                condition=models.Q(('state', 'due')), fields=['medium', 'due_since', 'id'], name='delivery_waiting'
            ),
        ),
    ]
