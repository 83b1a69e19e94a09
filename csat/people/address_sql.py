"""What `addresses` says of one address, as SQL for a whole table of contacts."""

from functools import reduce
from operator import or_

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat, Left, Replace, StrIndex, Substr

from csat.lib.mailbox import GMAIL
from csat.people.addresses import TWO_SPELLINGS


def other_spelling(field: str = "phone") -> Case:
    """Of a number: with the digits that it lacks, or without them; itself where there is no other."""
    cases, countries = [], "|".join(front.replace("\\d", "") for front, _digits, _rest in TWO_SPELLINGS)
    for front, digits, rest in TWO_SPELLINGS:
        length = len(front.replace("\\", ""))
        head, tail = Left(field, length), Substr(field, length + 1 + len(digits))
        cases.append(When(**{f"{field}__regex": f"^{front}{digits}{rest}$"}, then=Concat(head, tail)))
        longer = Concat(head, Value(digits), Substr(field, length + 1))
        cases.append(When(**{f"{field}__regex": f"^{front}{rest}$"}, then=longer))
    known = Case(*cases, default=F(field), output_field=CharField())
    # one look at most numbers: it is done for a whole table
    return Case(
        When(**{f"{field}__regex": f"^({countries})"}, then=known),
        default=F(field),
        output_field=CharField(),
    )


def mailbox(field: str = "email") -> Case:
    """Of an email: without its tag, and at Gmail without dots."""
    tagless = Case(
        When(**{f"{field}__regex": r'^[^"+].*[+].*@'}, then=_before(field, "+")),
        default=_before(field, "@"),
        output_field=CharField(),
    )
    at_gmail = reduce(or_, (Q(**{f"{field}__endswith": f"@{domain}"}) for domain in GMAIL))
    dotless = Concat(Replace(tagless, Value("."), Value("")), Value(f"@{GMAIL[0]}"))
    return Case(
        When(at_gmail, then=dotless),
        When(**{f"{field}__contains": "+"}, then=Concat(tagless, Substr(field, StrIndex(field, Value("@"))))),
        default=F(field),
        output_field=CharField(),
    )


def _before(field: str, mark: str) -> Combinable:
    return Left(field, StrIndex(field, Value(mark)) - 1)
