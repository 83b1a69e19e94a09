"""The same in SQL as in Python."""

import pytest

from csat.people import address_sql, addresses
from csat.people.models import Contact
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "phone",
    [
        "+525598765432", "+5215598765432", "+541143211234", "+5491143211234", "+554188887777",
        "+5541988887777", "+551143211234", "+5511943211234", "+22997123456", "+2290197123456",
        "+4930123456", "",
    ],
)  # fmt: skip
def test_the_other_spelling_of_a_number(phone: str) -> None:
    make_contact(phone=phone)
    other = Contact.objects.values_list(address_sql.other_spelling(), flat=True).get()
    assert {phone, other} == addresses.spellings("phone", phone)


@pytest.mark.parametrize(
    "email",
    [
        "bob@example.com", "bob+shop@example.com", "ann.lee@gmail.com", "ann.lee+x.y+z@googlemail.com",
        "+x@example.com", "a.b@notgmail.com", '"a+b"@example.com', "",
    ],
)  # fmt: skip
def test_the_mailbox_of_an_email(email: str) -> None:
    make_contact(email=email)
    mailbox = Contact.objects.values_list(address_sql.mailbox(), flat=True).get()
    assert mailbox == addresses.mailbox_of("email", email)
