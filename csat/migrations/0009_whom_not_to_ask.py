from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0007_handed_out_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='csatsettings',
            name='quiet_after_days',
            field=models.PositiveIntegerField(
                db_default=30,
                default=30,
            ),
        ),
        migrations.AddField(
            model_name='csatsettings',
            name='skip_staff',
            field=models.BooleanField(
                db_default=True,
                default=True,
            ),
        ),
    ]
