#!/usr/bin/env python
"""Django's command line: `manage.py help` lists the commands."""

import argparse
import os
import sys


def name_the_cluster(arguments: list[str]) -> None:
    """`qcluster -n NAME`: put the name into the environment, where django-q2 reads it while Django starts."""
    if arguments[:1] == ["qcluster"]:
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("-n", "--name")
        name = parser.parse_known_args(arguments[1:])[0].name
        if name:
            os.environ["Q_CLUSTER_NAME"] = name


def execute(arguments: list[str]) -> None:
    """As Django does, but for `version`: Django would answer that word itself, with its own number."""
    import django
    from django.core.management import ManagementUtility

    utility = ManagementUtility(arguments)
    if arguments[1:2] == ["version"]:
        django.setup()
        utility.fetch_command("version").run_from_argv(arguments)
    else:
        utility.execute()


if __name__ == "__main__":
    os.umask(0o077)  # what is kept in var/ is for nobody else on this machine
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    name_the_cluster(sys.argv[1:])
    from project.environment import Misunderstood

    try:
        from project import secret_key

        secret_key.make()
        execute(sys.argv)
    except Misunderstood as trouble:
        sys.exit(str(trouble))
