"""Asks to compose from: one ordinary customer, whatever a test changes about her, and strange ones."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from csat.channels import rendering
from csat.channels.base import Addresses, Brand, Message, MessageContext
from csat.channels.registry import get

RATE_URL = "https://support.example.com/r/" + "4fT9" * 10 + "abc"
UNSUBSCRIBE_URL = "https://support.example.com/u/" + "7gH2" * 10 + "xyz"
ADDRESSES = Addresses(
    "Ana Souza",
    "ana@customer.example",
    "+15005550006",
    "C024BE91L",
    "1700000000.000100",
    custom_data={"pager": "4711"},
)
ASK = MessageContext(
    reference="6d9f2a52-6c5f-4d0e-9c0e-2f4b61f0a001",
    survey_id="0c8a3a07-49f5-4a0e-8f2e-cc0b1b7de002",
    to="",
    addresses=ADDRESSES,
    rate_url=RATE_URL,
    unsubscribe_url=UNSUBSCRIBE_URL,
    contact_name="Ana Souza",
    agent_name="Sam",
    ticket_number=4521,
    brand=Brand("Acme Support"),
)


def ask(kind: str, **changes: Any) -> MessageContext:
    """What would be asked on this channel."""
    return replace(ASK, **{"to": get(kind).address(changes.get("addresses", ADDRESSES)) or "", **changes})


def composed(kind: str, **changes: Any) -> Message:
    return get(kind).compose(ask(kind, **changes))


NASTY = (
    "<script>alert(1)</script>",
    "AT&T &amp; &lt;b&gt; &#39; &nbsp",
    "{contact_name} {{ context.intro }} {% if %} {0} %s %(brand)s \\1 \\g<0>",
    "\none\n\n\n\ntwo\n\n",
    "\r\none\r\n\r\n\r\ntwo\rthree\r",
    """"double" 'single' `back`""",
    "\u202eمرحبا\u202c 👩‍👩‍👧 🇩🇪 é",
    " \xa0 \u2028 \x0b \x0c \x85 \0 \ufeff ",
    "long " * 200,
    "?",
    rendering.TOKEN,
    f"{rendering.TOKEN}context.agent_name{rendering.TOKEN}",
    rendering._mark("context.intro", query=False),
)
URLS = (RATE_URL, f"{RATE_URL}?a=1&b=2", f"{RATE_URL}?<\"'> \n\0")
texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
VARYING = {
    "intro": texts,
    "contact_name": texts,
    "agent_name": texts,
    "subject": texts,
    "email_message_id": texts,
    "ticket_number": st.integers(min_value=1),
    "unsubscribe_url": st.sampled_from(URLS),
}
brands = st.builds(
    Brand,
    name=st.sampled_from((*[nasty for nasty in NASTY if rendering.TOKEN not in nasty], Brand.name, "", "x")),
    color=st.sampled_from(("#2f5fd0", "#ffffff", "#000000", "#ffe600")),
    logo_url=st.sampled_from(("", *URLS)),
    reply_to=st.sampled_from(("", "care@acme.example")),
)


@st.composite
def of_one_shape(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What to change about two customers who differ in their words alone."""
    shape: dict[str, Any] = {
        "brand": draw(brands),
        "reminder": draw(st.booleans()),
        "last_inbound_at": draw(st.sampled_from((None, datetime.now(UTC)))),
    }
    given = draw(st.sets(st.sampled_from(sorted(VARYING))))
    empty = {name: type(getattr(ASK, name))() for name in VARYING}
    words = st.fixed_dictionaries(
        {"rate_url": st.sampled_from(URLS), **{name: VARYING[name] for name in sorted(given)}}
    )
    return [{**shape, **empty, **draw(words)} for _customer in range(2)]
