"""What the domain that our mails come from says in DNS: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489).

Mails without them land among spam, or nowhere.
"""

from collections.abc import Callable, Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.people import brands

SECONDS = 4.0  # for one question


def to_ask() -> list[Callable[[], Iterator[Finding]]]:
    """One for each domain that mails come from. Reads the database; what it returns does not."""
    if not settings.EMAIL_CONFIGURED:
        return []
    senders = [settings.DEFAULT_FROM_EMAIL, *brands.senders()]
    domains = {parseaddr(sender)[1].rpartition("@")[2].lower() for sender in senders}
    return [
        lambda domain=domain: examine(domain)  # type: ignore[misc]
        for domain in sorted(domains)
        if "." in domain
    ]


def examine(domain: str) -> Iterator[Finding]:
    try:
        if not settings.ANYMAIL_ESP:  # an ESP's envelope has a domain of its own
            yield _spf(domain)
        yield _dkim(domain)
        yield _dmarc(domain)
    except dns.exception.DNSException as trouble:
        text = _("DNS does not answer for %(domain)s: %(why)s") % {"domain": domain, "why": trouble}
        yield warning(Area.SENDER, text, _("Look at the resolver of this machine."))


def _spf(domain: str) -> Finding:
    records = [text for text in _texts(domain) or [] if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        text = _("%(domain)s has no SPF record.") % {"domain": domain}
        todo = _('Add a TXT record such as "v=spf1 include:YOUR-MAIL-SERVER -all".')
        return error(Area.SENDER, text, todo)
    if len(records) > 1:
        text = _("%(domain)s has %(n)d SPF records, which is the same as none.")
        todo = _("Keep one of them (RFC 7208, 4.5).")
        return error(Area.SENDER, text % {"domain": domain, "n": len(records)}, todo)
    if "+all" in records[0].lower().split() or "all" in records[0].lower().split():
        text = _("The SPF record of %(domain)s lets everybody send.") % {"domain": domain}
        return warning(Area.SENDER, text, _("Let it end in -all or ~all."))
    return ok(Area.SENDER, _("%(domain)s has an SPF record.") % {"domain": domain})


def _dkim(domain: str) -> Finding:
    """By the selector; without one, whether there is any: a name that does not exist has none beneath it
    (RFC 8020).
    """
    selector = settings.DKIM_SELECTOR
    name = f"{selector}._domainkey.{domain}" if selector else f"_domainkey.{domain}"
    records = _texts(name)
    if selector and not any("p=" in text for text in records or []):
        text = _("There is no DKIM key at %(name)s.") % {"name": name}
        todo = _("Publish the key that your mail server signs with, or put DKIM_SELECTOR right.")
        return error(Area.SENDER, text, todo)
    if records is None:
        text = _("%(domain)s has no DKIM key.") % {"domain": domain}
        todo = _("Let your mail server sign, publish its key, and name its selector in DKIM_SELECTOR.")
        return warning(Area.SENDER, text, todo)
    if selector:
        return ok(Area.SENDER, _("%(name)s is a DKIM key.") % {"name": name})
    text = _("%(domain)s has DKIM keys; DKIM_SELECTOR would say which one to look at.")
    return ok(Area.SENDER, text % {"domain": domain})


def _dmarc(domain: str) -> Finding:
    """Of the domain itself, or of one above it."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        above = ".".join(labels[start:])
        records = [text for text in _texts(f"_dmarc.{above}") or [] if text.lower().startswith("v=dmarc1")]
        if len(records) == 1:
            policy = next((part for part in records[0].split(";") if part.strip().startswith("p=")), "")
            text = _("%(domain)s has a DMARC record (%(policy)s).")
            return ok(Area.SENDER, text % {"domain": above, "policy": policy.strip()})
    text = _("%(domain)s has no DMARC record.") % {"domain": domain}
    todo = _('Add a TXT record at _dmarc.%(domain)s, at first "v=DMARC1; p=none".') % {"domain": domain}
    return warning(Area.SENDER, text, todo)


def _texts(name: str) -> list[str] | None:
    """The TXT records of a name; None when there is no such name."""
    try:
        answer = _resolver().resolve(name, "TXT", lifetime=SECONDS)
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoAnswer:
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    """This machine's, or the one of DNS_SERVER."""
    if not settings.DNS_SERVER:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    address, _colon, port = settings.DNS_SERVER.rpartition(":")
    resolver.nameservers, resolver.port = [address or port], int(port) if address else 53
    return resolver
