"""The API's own description, and pages to browse it without a network."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "csat.api.auth.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "csat_live_..."}


def without_slashes(endpoints: list[Any], **_: Any) -> list[Any]:
    """Every address is taken with a closing slash too; one of the two is described."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


class Schema(SpectacularAPIView):
    """JSON, or YAML by `Accept` or `?format=yaml`."""

    renderer_classes = [OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer]
    throttle_classes: list[Any] = []


class Docs(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
    url_name = "api-schema"
    throttle_classes: list[Any] = []


routes = [("schema", Schema), ("docs", Docs)]
