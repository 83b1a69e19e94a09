from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0005_suppressions_by_address'),
    ]

    operations = [
        migrations.AddField(
            model_name='idempotencyrecord',
            name='contacts',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
