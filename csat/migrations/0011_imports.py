import uuid

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0010_connections'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='score',
            name='imported',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('uuid', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('kind', models.CharField(max_length=20)),
                ('state', models.CharField(default='draft', max_length=10)),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('file', models.FileField(blank=True, upload_to='imports/')),
                ('rejects', models.FileField(blank=True, upload_to='imports/')),
                ('mapping', models.JSONField(blank=True, default=dict)),
                ('total', models.PositiveIntegerField(default=0)),
                ('progress', models.PositiveIntegerField(default=0)),
                ('new', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('kept', models.PositiveIntegerField(default=0)),
                ('agents_added', models.JSONField(blank=True, default=list)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, related_name='+',
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ImportedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('outcome', models.CharField(max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('answer_id', models.BigIntegerField(blank=True, null=True)),
                ('event_id', models.BigIntegerField(blank=True, null=True)),
                ('new_contact_id', models.BigIntegerField(blank=True, null=True)),
                ('survey_before', models.CharField(blank=True, max_length=12)),
                ('session_before', models.DateTimeField(blank=True, null=True)),
                ('session_after', models.DateTimeField(blank=True, null=True)),
                ('session', models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, related_name='+', to='csat.session',
                )),
                ('source', models.ForeignKey(
                    on_delete=models.CASCADE, related_name='rows', to='csat.import',
                )),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(
                condition=models.Q(('state__in', ['checking', 'running', 'undoing'])),
                fields=['created_at'], name='import_due',
            ),
        ),
        migrations.AddConstraint(
            model_name='importedrow',
            constraint=models.UniqueConstraint(fields=('source', 'number'), name='one_imported_row'),
        ),
    ]
