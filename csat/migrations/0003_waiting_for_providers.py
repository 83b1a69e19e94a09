import django.db.models.functions.datetime
import django.utils.timezone
import uuid
from django.db import migrations, models


def due_since_it_was_due(apps, schema_editor):
    """What waits now has been due since its next try: when it was first due is not known."""
    rows = apps.get_model('csat', 'Delivery').objects.using(schema_editor.connection.alias)
    rows.filter(state__in=['due', 'sending']).update(due_since=models.F('next_try'))


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0002_field_words'),
    ]

    operations = [
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('uuid', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('medium', models.CharField(max_length=10)),
                ('provider', models.CharField(max_length=20)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('recipients', models.JSONField(default=list)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('probe_at', models.DateTimeField(blank=True, null=True)),
                ('probes', models.PositiveIntegerField(default=0)),
                ('probed_id', models.BigIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('times_opened', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='SendCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('channel', models.CharField(max_length=20)),
                ('outcome', models.CharField(max_length=20)),
                ('number', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='channelsettings',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='channelsettings',
            name='paused_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='channelsettings',
            name='paused_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='ask_within_hours',
            field=models.PositiveIntegerField(db_default=72, default=72),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='fallback_after_hours',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='paused_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='paused_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddField(
            model_name='delivery',
            name='due_since',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AddConstraint(
            model_name='circuit',
            constraint=models.UniqueConstraint(fields=('medium', 'provider'), name='one_circuit_each_way'),
        ),
        migrations.AddConstraint(
            model_name='sendcount',
            constraint=models.UniqueConstraint(fields=('channel', 'outcome'), name='one_count_each'),
        ),
        migrations.RunPython(due_since_it_was_due, migrations.RunPython.noop, elidable=True),
    ]
