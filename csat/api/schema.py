"""The API's own description, and pages to browse it without a network."""

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """JSON, or YAML by `Accept` or `?format=yaml`."""

    renderer_classes = [OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer]
    throttle_classes: list[Any] = []


class Docs(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
    url_name = "api-schema"
    throttle_classes: list[Any] = []


routes = [("schema", Schema), ("docs", Docs)]
