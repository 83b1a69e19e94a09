"""How often a key may knock."""

from typing import TYPE_CHECKING

from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which reads this module's name from the settings while it loads


class PerKey(SimpleRateThrottle):
    """1,000 requests a minute for one API key, counted in the shared cache."""

    scope = "key"
    cache = caches["default"]

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        return f"throttle:{request.auth.pk}" if request.auth else None
