"""What retention and the move of bodies find their rows by; built while others go on writing."""

from django.db import migrations, models

from csat.lib.migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("csat", "0018_bodies"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='inboundevent',
            index=models.Index(condition=models.Q(('next_try__isnull', True), models.Q(('body', ''), _negated=True), models.Q(('body', 'null'), _negated=True)), fields=['created_at'], name='inbound_event_with_body'),
        ),
        AddIndexConcurrently(
            model_name='link',
            index=models.Index(condition=models.Q(('purpose__in', ['rate', 'widget', 'copy']), ('revoked_at__isnull', True)), fields=['created_at'], name='link_ending'),
        ),
        AddIndexConcurrently(
            model_name='run',
            index=models.Index(condition=models.Q(('finished_at__isnull', False), models.Q(('bodies', 'dropped'), _negated=True)), fields=['finished_at'], name='run_with_bodies'),
        ),
        AddIndexConcurrently(
            model_name='run',
            index=models.Index(condition=models.Q(('bodies', ''), ('state__in', ['succeeded', 'stopped'])), fields=['finished_at'], name='run_to_move'),
        ),
        AddIndexConcurrently(
            model_name='sandboxmessage',
            index=models.Index(fields=['created_at'], name='sandbox_message_old'),
        ),
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(condition=models.Q(models.Q(('status', 'open'), _negated=True), models.Q(('words_expired_at__isnull', True), ('words_expired_at__lt', models.F('updated_at')), _connector='OR')), fields=['updated_at'], name='session_with_words'),
        ),
        AddIndexConcurrently(
            model_name='webhookattempt',
            index=models.Index(condition=models.Q(models.Q(('state', 'pending'), _negated=True), models.Q(('body', '{}'), _negated=True)), fields=['created_at'], name='call_with_body'),
        ),
    ]
