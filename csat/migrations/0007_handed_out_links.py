from django.conf import settings
from django.db import migrations, models

from csat.lib.migrations import AddLooserConstraint


class Migration(migrations.Migration):
    dependencies = [
        ('csat', '0006_answers_about_contacts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='csatsettings',
            name='agents_may_copy_links',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='link',
            name='handed_out_by',
            field=models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=models.SET_NULL, related_name='+',
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveConstraint(model_name='link', name='link_has_subject'),
        AddLooserConstraint(
            model_name='link',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('purpose__in', ['rate', 'copy']), ('survey__isnull', False)),
                    models.Q(('purpose', 'widget'), ('session__isnull', False)),
                    models.Q(('contact__isnull', False), ('purpose', 'unsubscribe')),
                    _connector='OR',
                ),
                name='link_has_subject',
            ),
        ),
    ]
