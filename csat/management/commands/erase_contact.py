"""manage.py erase_contact ID: erase a person's data."""

from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.management.shell import SHELL
from csat.people import erasure
from csat.people.models import Contact


class Command(BaseCommand):
    help = "Erase a contact: name, addresses and words go everywhere, ratings stay without the person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=UUID, help="the contact's id (a UUID)")

    def handle(self, *args: object, id: UUID, **options: object) -> None:
        contact = Contact.objects.alive().filter(uuid=id).first()
        if contact is None:
            raise CommandError(f"There is no contact {id}.")
        erasure.erase(contact, by=SHELL)
        self.stdout.write(f"Erased {id}.")
