"""API keys: who is calling, and whether the key has the scope."""

from typing import Any

import structlog
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from csat.lib import client_address
from csat.people import keys
from csat.people.models import ApiKey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

log = structlog.get_logger(__name__)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer csat_live_...`"""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        address = client_address.find(request.META)
        try:
            key = keys.authenticate(secret.strip(), address=address) if scheme.lower() == "bearer" else None
        except keys.Expired as refused:
            raise AuthenticationFailed(refused.message) from None
        except keys.WrongNetwork as refused:
            raise PermissionDenied(refused.message) from None
        if key is None:
            log.warning("refused for lack of a valid API key")
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
        if scope in key_of(request).scopes:
            return True
        log.warning("refused for lack of a scope", key_id=str(key_of(request).uuid), scope=scope)
        return False


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
