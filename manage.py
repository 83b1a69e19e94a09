#!/usr/bin/env python
"""The shell's door: `manage.py help` lists the commands."""

import argparse
import os
import sys


def name_the_cluster(arguments: list[str]) -> None:
    """`qcluster -n NAME`: django-q2 reads the name once, while Django starts, so it must stand in the environment before."""
    if arguments[:1] == ["qcluster"]:
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("-n", "--name")
        name = parser.parse_known_args(arguments[1:])[0].name
        if name:
            os.environ["Q_CLUSTER_NAME"] = name


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    name_the_cluster(sys.argv[1:])
    from django.core.management import execute_from_command_line

    from project.environment import Misunderstood

    try:
        execute_from_command_line(sys.argv)
    except Misunderstood as trouble:
        sys.exit(str(trouble))
