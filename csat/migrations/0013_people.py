"""Every user gets a profile with the team of their agent; and no two users keep the same mail."""

from collections import defaultdict

from django.db import migrations
from django.db.models import Exists, OuterRef

ONE_MAIL = "CREATE UNIQUE INDEX IF NOT EXISTS one_user_per_mail ON auth_user (lower(email)) WHERE email <> ''"


def hold_back_writers(apps, schema_editor):
    """Until the index is there nobody adds a user with a mail that is just being taken from another."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("LOCK TABLE auth_user IN SHARE ROW EXCLUSIVE MODE")


def make_mails_unique(apps, schema_editor):
    """The newest user keeps the mail; the audit log says whose was taken away."""
    alias = schema_editor.connection.alias
    users = apps.get_model("auth", "User").objects.using(alias)
    events = apps.get_model("csat", "Event").objects.using(alias)
    same = defaultdict(list)
    for user in users.exclude(email="").order_by("-pk"):
        same[user.email.strip().lower()].append(user)
    for newest, *others in same.values():
        for user in others:
            users.filter(pk=user.pk).update(email="")
            who = {"user_id": user.pk, "username": user.username}
            events.create(
                kind="audit",
                actor_kind="system",
                data={
                    "what": "person.mail_removed",
                    "before": who | {"email": user.email},
                    "after": {"email": "", "kept_by": newest.username},
                },
            )


def make_profiles(apps, schema_editor):
    """With the team of the agent that is the user's, or will be by its mail."""
    alias = schema_editor.connection.alias
    profiles = apps.get_model("csat", "Profile").objects.using(alias)
    agents = apps.get_model("csat", "Agent").objects.using(alias).filter(kind="human").exclude(team=None)
    team_of_user = dict(agents.exclude(user=None).values_list("user", "team"))
    team_of_mail = dict(agents.filter(user=None).exclude(email="").values_list("email", "team"))
    users = apps.get_model("auth", "User").objects.using(alias)
    for user in users.filter(~Exists(profiles.filter(user=OuterRef("pk")))):
        profile = profiles.create(user_id=user.pk)
        if team := team_of_user.get(user.pk) or team_of_mail.get(user.email.lower()):
            profile.teams.add(team)


class Migration(migrations.Migration):
    dependencies = [
        ("csat", "0012_company"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(hold_back_writers, migrations.RunPython.noop),
        migrations.RunPython(make_mails_unique, migrations.RunPython.noop),
        migrations.RunSQL(ONE_MAIL, "DROP INDEX IF EXISTS one_user_per_mail"),
        migrations.RunPython(make_profiles, migrations.RunPython.noop),
    ]
