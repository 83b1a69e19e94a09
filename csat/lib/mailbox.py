"""Email addresses as mail servers read them: domains by IDNA, odd local parts in quotes (RFC 5321)."""

import re

import idna

ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"
BARE, QUOTED = re.compile(ATOMS), re.compile(f'"({ATOMS})"')
GMAIL = ("gmail.com", "googlemail.com")


def fold(address: str) -> str:
    """In lower case, but for letters beyond ASCII: the Kelvin sign is no k."""
    return "".join(char.lower() if char.isascii() else char for char in address)


def to_unicode(domain: str) -> str:
    """As people read it, in lower case; mail servers write `xn--exmple-cua.de` for `exämple.de`."""
    domain = domain.lower() if domain.isascii() else domain
    if domain.isascii() and "xn--" not in domain:
        return domain
    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:
        return _by_older_rules(domain, "idna") or domain.lower()


def to_ascii(domain: str) -> str:
    """The domain as it is looked up. By IDNA 2008: the older rules take `straße.de` for `strasse.de`."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return _by_older_rules(domain, "ascii") or domain


def _by_older_rules(domain: str, codec: str) -> str:
    """By IDNA 2003, which knows domains of pictures; empty for one that neither knows."""
    try:
        return domain.encode("idna").decode(codec)
    except UnicodeError:
        return ""


def unquoted(name: str) -> str:
    """A local part without quotes that say nothing: mobile carriers of Japan gave out `a..b` and `a.`."""
    match = QUOTED.fullmatch(name)
    return match[1] if match else name


def mailed(address: str) -> str:
    """The address as it goes into a mail: dots in odd places are quoted, the domain is ASCII."""
    name, _at, domain = address.rpartition("@")
    if BARE.fullmatch(name) and ("" in name.split(".")):
        name = f'"{name}"'
    return f"{name}@{to_ascii(domain)}"


def without_tag(address: str) -> str:
    """The mailbox behind a sub-address (RFC 5233), and behind the dots that Gmail passes over."""
    name, _at, domain = address.rpartition("@")
    name = name if name.startswith('"') else name.partition("+")[0] or name
    return f"{name.replace('.', '')}@{GMAIL[0]}" if domain in GMAIL else f"{name}@{domain}"
