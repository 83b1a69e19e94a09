"""allauth's OpenID Connect provider, and what it leaves to trust checked: the id_token's signature, nonce and
times, and that discovery, keys and userinfo are of the issuer that OIDC_ISSUER names.
"""

import json
import secrets
from typing import Any, cast
from urllib.parse import quote_plus, urlsplit

import jwt
import structlog
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from csat.lib import addresses, http
from csat.lib.outcomes import Outcome
from csat.lib.tokens import digest
from csat.lib.types import JsonObject

SKEW = 60  # seconds that the issuer's clock and ours may differ
KEPT, KEPT_FAILURE = 3600, 5  # seconds: discovery and keys; that the issuer did not answer
SECONDS = 8.0
BODY_LIMIT = 512 * 1024
ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
MAIL = {"email", "email_verified"}
MAX_SUBJECT = 191  # as long as the column
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
log = structlog.get_logger(__name__)


class Away(OAuth2Error):
    """The issuer does not answer, or not as one."""


class Distrusted(OAuth2Error):
    """What came back is not what our issuer would say to us, now, about this login."""


def discovered() -> JsonObject:
    """The issuer's own document, kept for a while. Raises Away."""
    document = _kept(_discovery_url())
    if str(document.get("issuer")).rstrip("/") != settings.OIDC_ISSUER:
        raise Away(f"discovery is of the issuer {document.get('issuer')!r}")
    endpoints = [document.get(name) for name in ENDPOINTS]
    if not all(isinstance(url, str) and addresses.is_confidential(url) for url in endpoints):
        raise Away("discovery names no https addresses")
    return document


class Exchange(OAuth2Client):
    """The code for tokens, by our own HTTP client; by whichever way of naming ourselves the issuer takes."""

    def get_access_token(
        self, code: str, pkce_code_verifier: str | None = None, extra_data: object = None
    ) -> JsonObject:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback_url}
        grant["code_verifier"] = pkce_code_verifier
        named = {"client_id": self.consumer_key, "client_secret": self.consumer_secret}
        # as a form (RFC 6749, 2.3.1), which only shows where an id or a secret has a : or a %
        basic = (quote_plus(self.consumer_key), quote_plus(self.consumer_secret))
        ways: dict[str, JsonObject] = {
            "client_secret_basic": {"data": grant, "auth": basic},
            "client_secret_post": {"data": grant | named},
        }
        taken = discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        for way in [name for name in ways if name in taken]:
            answer = _request("POST", self.access_token_url, **ways[way])
            if answer.status != 401:
                break
        else:
            raise OAuth2Error("the issuer does not know our client id and secret")
        tokens = _json(answer) if answer.ok else {}
        if not tokens.get("access_token"):
            raise OAuth2Error(f"no tokens for the code: status {answer.status}")
        return tokens


class Client(OpenIDConnectOAuth2Adapter):
    client_class = Exchange

    @property
    def openid_config(self) -> JsonObject:
        return discovered()

    @property
    def basic_auth(self) -> bool:
        return False  # Exchange decides

    def get_provider(self) -> "Provider":
        return provider(self.request)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """What is registered at the issuer: our own address, whatever the request calls us."""
        return settings.SITE_URL + reverse("single-sign-on-callback")

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """A login with `claims`: what the id_token says, and userinfo where that says nothing."""
        claims = verified(kwargs["response"].get("id_token"))
        claims = _merged(claims, _userinfo(token.token, claims["sub"]))
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.claims = claims
        return login


class Provider(OpenIDConnectProvider):
    oauth2_adapter_class = Client

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        **_: object,
    ) -> HttpResponse:
        """To the issuer, with a nonce. Nothing in our own address changes what is asked for there.

        Who is logged in here already and comes to be confirmed is asked anew there.
        """
        asked = {"nonce": secrets.token_urlsafe(24)}
        if process == AuthProcess.REDIRECT:
            asked |= {"prompt": "login", "max_age": "0"}
        data = {"nonce": asked["nonce"]}
        try:
            response = super().redirect(request, process, next_url, data, scope=_scope(), auth_params=asked)
        except OAuth2Error as error:
            response = render_authentication_error(request, self, exception=error)
        return cast(HttpResponse, response)

    def get_login_url(self, request: HttpRequest, **kwargs: object) -> str:
        return reverse("single-sign-on")

    def get_callback_url(self) -> str:
        return reverse("single-sign-on-callback")

    def extract_extra_data(self, data: JsonObject) -> JsonObject:
        return {}  # what is known of people there is not kept here


def app() -> SocialApp:
    """What the environment says. The issuer is part of who somebody is, for `sub` is unique there only."""
    return SocialApp(
        provider=Provider.id,
        provider_id=settings.OIDC_ISSUER,
        name=settings.OIDC_ISSUER,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={"oauth_pkce_enabled": True},
    )


def provider(request: HttpRequest) -> Provider:
    return Provider(request, app=app())


def origins() -> list[str]:
    """Where a form of ours may lead: the issuer, its page of the login if known, and those behind it."""
    document = cache.get(_cache_key(_discovery_url())) or {}
    urls = [settings.OIDC_ISSUER, document.get("authorization_endpoint", settings.OIDC_ISSUER)]
    urls += settings.OIDC_ORIGINS
    return list(dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)))


def verified(token: str | None) -> JsonObject:
    """The claims of an id_token of our issuer, to us, valid now. Raises Distrusted.

    The nonce is compared where the state of the login is: Adapter.pre_social_login.
    """
    try:
        claims = jwt.decode(
            token or "",
            _key_of(jwt.get_unverified_header(token or "")),
            algorithms=ALGORITHMS,
            audience=settings.OIDC_CLIENT_ID,
            issuer=discovered()["issuer"],
            leeway=SKEW,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Distrusted(f"id_token: {error}") from error
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (others or "azp" in claims) and claims.get("azp") != settings.OIDC_CLIENT_ID:
        raise Distrusted("id_token: it was asked for by somebody else (azp)")
    if not 0 < len(claims["sub"]) <= MAX_SUBJECT:
        raise Distrusted("id_token: sub is empty, or too long")
    return claims


def _key_of(header: JsonObject) -> Any:
    """The issuer's key that signed; keys are fetched anew, at most once a minute, for one not seen before."""
    url, kid = discovered()["jwks_uri"], header.get("kid")
    key = _pick(_kept(url), kid)
    if key is None and cache.add("openid:keys-fetched-anew", 1, 60):
        cache.delete(_cache_key(url))
        key = _pick(_kept(url), kid)
    if key is None:
        raise Distrusted(f"id_token: the issuer has no key {kid!r}")
    return key.key


def _pick(keys: JsonObject, kid: str | None) -> jwt.PyJWK | None:
    usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]
    named = [key for key in usable if key.key_id == kid] if kid else usable
    return named[0] if len(named) == 1 else None


def _userinfo(access_token: str, subject: str) -> JsonObject:
    url = discovered().get("userinfo_endpoint")
    if not isinstance(url, str) or not addresses.is_confidential(url):
        return {}
    answer = _request("GET", url, headers={"Authorization": f"Bearer {access_token}"})
    claims = _json(answer) if answer.ok else {}
    if claims.get("sub") != subject:
        raise Distrusted(f"userinfo: status {answer.status}, or of somebody else than the id_token")
    return claims


def _merged(id_token: JsonObject, userinfo: JsonObject) -> JsonObject:
    """Mail, and whether it was verified, as one of the two says both: they may know different mails."""
    whole = id_token if id_token.keys() >= MAIL or "email" not in userinfo else userinfo
    claims = {name: value for name, value in (userinfo | id_token).items() if name not in MAIL}
    return claims | {name: value for name, value in whole.items() if name in MAIL}


def _scope() -> list[str]:
    """Some issuers hand out the claim of roles for a scope of its name only."""
    extra = {settings.OIDC_ROLE_CLAIM} & set(discovered().get("scopes_supported", []))
    return ["openid", "profile", "email", *extra]


def _kept(url: str) -> JsonObject:
    document = cache.get(_cache_key(url))
    if document is None:
        try:
            answer = _request("GET", url)
            document = _json(answer) if answer.ok else {}
        except Away as error:
            document = {}
            log.warning("the identity provider does not answer", url=url, error=str(error))
        cache.set(_cache_key(url), document, KEPT if document else KEPT_FAILURE)
    if not document:
        raise Away(f"nothing from {url}")
    return cast(JsonObject, document)


def _discovery_url() -> str:
    return f"{settings.OIDC_ISSUER}/.well-known/openid-configuration"


def _cache_key(url: str) -> str:
    return f"openid:{digest(url)}"


def _request(method: str, url: str, **more: Any) -> http.Answer:
    """To the issuer that the environment names, which may be in a private network."""
    try:
        with http.Client() as client:
            answer = client.request(method, url, seconds=SECONDS, body_limit=BODY_LIMIT, **more)
    except Outcome as failure:
        raise Away(failure.text) from failure
    if answer.status >= 500 or answer.cut:
        raise Away(f"status {answer.status}" if answer.status >= 500 else "the answer is too long")
    return answer


def _json(answer: http.Answer) -> JsonObject:
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Away(f"status {answer.status}, and not in JSON")
    return document
