"""Of the pages of django-allauth those stand that have a template of ours, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import allauth
import allauth.urls
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.template.loader import get_template
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

pytestmark = pytest.mark.django_db
STOCK = Path(allauth.__file__).parent / "templates"
# what only ways that are switched off would show
UNREACHABLE = re.compile(
    r"account/(.*code|.*phone.*|email|email_change|email_confirm|signup.*|verif.*|logout|password_set|base_.*"
    r"|snippets/.*|email/.*|messages/.*)\.|mfa/(trust|base_.*|email/.*|webauthn/(signup.*|base|authenticator_list"
    r"|snippets/.*)|(totp|recovery_codes)/base)\.|usersessions/|socialaccount/|openid/|allauth/|idp/|tests/"
)


def _patterns(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern


def stock_pages() -> list[str]:
    names = [str(path.relative_to(STOCK)) for path in STOCK.rglob("*") if path.suffix in (".html", ".txt")]
    return sorted(name for name in names if not UNREACHABLE.match(name))


@pytest.mark.parametrize("name", stock_pages())
def test_a_page_that_may_be_shown_is_ours(name: str) -> None:
    origin = Path(get_template(name).origin.name)
    assert origin.is_relative_to(settings.BASE_DIR / "templates"), origin


def of_theirs() -> list[str]:
    """Every address that django-allauth would have, with something in the place of its variables."""
    routes = {route for route, _ in _patterns(allauth.urls.urlpatterns)}
    return sorted(re.sub(r"<[^>]+>|\(\?P<\w+>[^)]+\)", "1", route).strip("^$") for route in routes)


def of_ours() -> list[str]:
    routes = [route for route, _ in _patterns(get_resolver().url_patterns)]
    return sorted({re.sub(r"<[^>]+>", "1", route) for route in routes if route.startswith("account/")})


@pytest.mark.parametrize("persona", ["customer", "admin"])
def test_no_address_shows_a_page_of_theirs(
    request: pytest.FixtureRequest, agent_user: User, persona: str
) -> None:
    client: Client = request.getfixturevalue(persona)
    theirs = [f"/{prefix}{address}" for prefix in ("account/", "accounts/", "") for address in of_theirs()]
    shown = set()
    for address in (*theirs, *(f"/{address}" for address in of_ours())):
        answer = client.get(address, follow=True)
        shown |= {template.origin.name for template in answer.templates if template.origin}
    assert len(shown) > 10
    assert [name for name in sorted(shown) if Path(name).is_relative_to(STOCK)] == []


@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_set_password", "mfa_trust", "usersessions_list"]
)
def test_what_is_switched_off_has_no_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("address", ["/account/signup/", "/account/email/", "/accounts/login/"])
def test_nobody_signs_up(customer: Client, agent_user: User, address: str) -> None:
    assert customer.get(address).status_code == 404
