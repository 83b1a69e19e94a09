"""The demo: what tells that it lives here, and how anybody gets in."""

from csat.people import roles
from csat.people.models import Contact

MARK = "demo-en-1"  # the external id of a customer who is only in the demo
PASSWORD = "acme-demo"  # noqa: S105 (a demo anyone may look at)
LOGINS = {roles.AGENT: "sam", roles.MANAGER: "maria", roles.ADMIN: "ada"}


def is_here() -> bool:
    return Contact.objects.filter(external_id=MARK).exists()
