from django.db import migrations, models
from django.db.models import Q


def name_the_zone(apps, schema_editor):
    """Until now a row of 1970 in the rollup named the zone its days are in."""
    database = schema_editor.connection.alias
    row = apps.get_model('csat', 'Rollup').objects.using(database).filter(dim1='zone')
    for zone in row.values_list('key1', flat=True):
        apps.get_model('csat', 'Organization').objects.using(database).update(rollup_timezone=zone)
    row.delete()


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0001_squashed'),
    ]

    operations = [
        migrations.AddField(
            'organization', 'rollup_timezone',
            models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.RunPython(name_the_zone, migrations.RunPython.noop, elidable=True),
        migrations.RenameField('survey', 'told', 'announced_request'),
        migrations.RenameField('survey', 'request', 'request_number'),
        # the database renames the column inside the index too: only our picture of the constraint is made anew
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.RemoveConstraint('delivery', 'never_twice_to_an_address'),
        ]),
        migrations.RenameField('delivery', 'request', 'request_number'),
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AddConstraint('delivery', models.UniqueConstraint(
                fields=['survey', 'request_number', 'medium', 'address'],
                condition=~Q(reason='reminder') & ~Q(state='cancelled'),
                name='never_twice_to_an_address',
            )),
        ]),
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.RemoveConstraint('rollup', 'one_cell'),
        ]),
        migrations.RenameField('rollup', 'lens', 'perspective'),
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AddConstraint('rollup', models.UniqueConstraint(
                fields=['dim1', 'dim2', 'perspective', 'day', 'key1', 'key2'],
                name='one_cell',
            )),
        ]),
        # other words for two models; their tables keep their names
        migrations.AlterModelTable('call', 'csat_call'),
        migrations.RenameModel('Call', 'WebhookAttempt'),
        migrations.AlterModelTable('mark', 'csat_mark'),
        migrations.RenameModel('Mark', 'DirtyDay'),
    ]
