from django.db import migrations, models

from csat.lib.migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('csat', '0005_suppression_keys'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='suppression',
            index=models.Index(fields=['address'], name='suppression_address'),
        ),
    ]
