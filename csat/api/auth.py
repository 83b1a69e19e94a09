"""API keys: who is calling, and whether the key has the scope."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from csat.people import keys
from csat.people.models import ApiKey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer csat_live_...`"""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        key = keys.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed(_("This API key is not valid."))
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="csat"'


class HasScope(BasePermission):
    """The key has the scope that the view's `scope` and the method need."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            return False
        scope = required_scope(view, request.method or "")
        self.message = _("This API key lacks the scope %(scope)s.") % {"scope": scope}
        return scope in key_of(request).scopes


def required_scope(view: Any, method: str) -> str:
    """`<scope>:read` to read, `<scope>:write` for everything else."""
    return f"{view.scope}:{'read' if method in SAFE_METHODS else 'write'}"


def key_of(request: Request) -> ApiKey:
    assert isinstance(request.auth, ApiKey)
    return request.auth


def actor_of(request: Request) -> Actor:
    """The key, as the timeline names it."""
    key = key_of(request)
    return Actor(ActorKind.API, id=key.prefix, name=key.name)
