"""Addresses that customers get: under a short domain of their own, where LINK_BASE names one."""

from django.conf import settings


def url(path: str) -> str:
    return f"{settings.LINK_BASE or settings.SITE_URL}{path}"


def bases() -> list[str]:
    """What such addresses may begin with; those under SITE_URL work on."""
    return [base for base in (settings.SITE_URL, settings.LINK_BASE) if base]
