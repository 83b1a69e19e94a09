"""Tables for bodies that may go by themselves, and what retention needs to find what is old.

Nothing is moved here. A row that is under way (a webhook that waits, an event that is not applied, a run that
may go on) carries its body in its own columns, written by either version, so that either version can go on
with it. When it has ended, the task `move_bodies` takes the body out of the row, a slice at a time and as
often as needed: into csat_callbody, csat_inboundbody and csat_stepbody, which nothing refers to and where
nothing is unique. Readers look there for a row whose own columns are emptied, and in its columns for one that
the move has not reached.

While the version before still runs, it sees nothing of this: the move begins a day after this migration.
Until then all bodies are where it knows them, to show, send again and erase. If it must be gone back to
later: it shows a moved row without its body, and refuses to send it again ('{}' means to it that the contact
was erased).

Every new column has a default in the database, under which the version before goes on writing. The old
columns (`body` and `attempts` of csat_call, `body` and `headers` of csat_inboundevent, `input` and `output`
of csat_step) stay in this release as the place of what is under way; a later one that no longer has this
one's predecessor beside it writes bodies to their tables from the start, and drops the columns in the release
after.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("csat", "0017_doctor"),
    ]

    operations = [
        migrations.CreateModel(
            name='InboundBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('event_id', models.BigIntegerField(db_index=True)),
                ('created_at', models.DateTimeField(db_index=True)),
                ('headers', models.JSONField(default=dict)),
                ('body', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='StepBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField(db_index=True)),
                ('step_id', models.BigIntegerField()),
                ('input', models.JSONField(default=dict)),
                ('output', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ('call_id', models.BigIntegerField(db_index=True)),
                ('created_at', models.DateTimeField(db_index=True)),
                ('body', models.TextField()),
                ('attempts', models.JSONField(default=list)),
            ],
            options={
                'db_table': 'csat_callbody',
            },
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='retention',
            field=models.JSONField(blank=True, db_default={'exports': 7, 'inbound_bodies': 7}, default=dict),
        ),
        migrations.AddField(
            model_name='run',
            name='bodies',
            field=models.CharField(blank=True, db_default='', default='', max_length=7),
        ),
        migrations.AddField(
            model_name='session',
            name='words_expired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
