import hashlib
import hmac

from django.conf import settings
from django.db import migrations, models

BATCH = 1000


def record_the_keys(apps, schema_editor):
    """Where the address is still there, the key that its hash was made with is found by trying. A hash alone
    does not tell; but where every other row has one key, it has none else.
    """
    rows = apps.get_model('csat', 'Suppression').objects.using(schema_editor.connection.alias)
    derived = hashlib.sha256(f'suppression|{settings.SECRET_KEY}'.encode()).hexdigest()
    keys = [*settings.LINK_KEYS, derived]
    ids = {key: hashlib.sha256(b'key id|' + key.encode()).hexdigest()[:8] for key in keys}
    batch, used = [], set()
    for row in rows.filter(key_id='').exclude(address='').order_by('pk').iterator(chunk_size=BATCH):
        text = f'suppression|{row.medium}|{row.address}'.encode()
        matching = [key for key in keys if hmac.digest(key.encode(), text, 'sha256').hex() == row.digest]
        row.key_id = ids[matching[0]] if matching else ''
        used.add(row.key_id)
        batch.append(row)
        if len(batch) == BATCH:
            rows.bulk_update(batch, ['key_id'])
            batch = []
    rows.bulk_update(batch, ['key_id'])
    used = used or ({ids[derived]} if not settings.LINK_KEYS else set())
    if len(used) == 1 and '' not in used:
        rows.filter(key_id='', address='').update(key_id=used.pop())


class Migration(migrations.Migration):

    dependencies = [
        ('csat', '0004_waiting_in_order'),
    ]

    operations = [
        migrations.AddField(
            model_name='suppression',
            name='key_id',
            field=models.CharField(blank=True, db_default='', default='', max_length=8),
        ),
        migrations.RunPython(record_the_keys, migrations.RunPython.noop, elidable=True),
    ]
