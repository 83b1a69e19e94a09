"""The OpenAPI schema, and pages to browse it that need no internet."""

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.throttling import BaseThrottle


class Schema(SpectacularAPIView):
    """JSON, or YAML by `Accept` or `?format=yaml`."""

    renderer_classes = [OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer]
    throttle_classes: list[type[BaseThrottle]] = []


class Docs(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
    url_name = "api-schema"
    throttle_classes: list[type[BaseThrottle]] = []


routes = [("schema", Schema), ("docs", Docs)]
