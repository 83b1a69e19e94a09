"""System checks csat.W001...: half-configured providers, unsafe settings, broker time limits."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Info, Tags, Warning, register

from csat.channels import registry, status

LOCAL = {"localhost", "127.0.0.1", "::1"}


@register("csat")
def providers(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """A provider that was begun to be set up, but cannot send."""
    found: dict[str, str] = {}
    for channel in registry.all():
        at = status.status(channel.kind)
        if at.state == status.MISCONFIGURED and at.todo:
            found.setdefault(at.todo, channel.kind)
    return [Warning(f"The provider of {kind} is only half configured.", hint=todo, id="csat.W001") for todo, kind in found.items()]


@register("csat")
def broker(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """django-q2 counts `retry` from the moment a task is fetched, and fetches ahead: too short, and work is done twice."""
    cluster = settings.Q_CLUSTER
    clusters = {cluster["name"]: cluster, **{name: cluster | own for name, own in cluster.get("ALT_CLUSTERS", {}).items()}}
    return [*_short_retries(clusters), *_closed_connections()]


def _short_retries(clusters: dict[str, dict[str, Any]]) -> Iterator[CheckMessage]:
    for name, own in clusters.items():
        least = own["timeout"] * (own["queue_limit"] / own["workers"] + 1)
        if own["retry"] <= least:
            hint = f"Make retry longer than timeout x (queue_limit / workers + 1) = {least:.0f} s."
            yield Warning(f"The queue {name} may run a task twice at once.", hint=hint, id="csat.W002")


def _closed_connections() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"].get("CONN_MAX_AGE") == 0:
        yield Warning("Every call of the queue opens a new database connection.", hint="Set CONN_MAX_AGE to 60.", id="csat.W003")


@register("csat")
def origins(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """WIDGET_ORIGINS are compared with what browsers send: scheme://host[:port], nothing more."""
    wrong = [origin for origin in settings.WIDGET_ORIGINS if not _is_origin(origin)]
    hint = "An origin is like https://shop.example.com, without a path and without a * in it."
    return [Warning(f"WIDGET_ORIGINS names {origin!r}, which no browser sends.", hint=hint, id="csat.W004") for origin in wrong]


@register("csat")
def allowed(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """WEBHOOK_ALLOW is compared with the host and port of an address, as they stand there."""
    wrong = [one for one in settings.WEBHOOK_ALLOW if not re.fullmatch(r"[^/@\s]+:\d{1,5}", one)]
    hint = "Name host:port as webhooks do, such as 10.0.0.7:8080 or crm.internal:443."
    return [Warning(f"WEBHOOK_ALLOW names {one!r}, which allows nothing.", hint=hint, id="csat.W006") for one in wrong]


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "*" not in origin and origin == f"{parts.scheme}://{parts.netloc}"


@register("csat", Tags.security, deploy=True)
def production(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    return [*_plain_site(), *_several_processes(), *_proxy()]


def _plain_site() -> Iterator[CheckMessage]:
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or site.hostname in LOCAL:
        hint = "Set SITE_URL to the https address under which customers reach this server."
        yield Warning(f"Every link we send begins with {settings.SITE_URL}.", hint=hint, id="csat.W005")


def _several_processes() -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        hint = "Set REDIS_URL when more than one web process runs."
        yield Info("Rate limits are counted by each process for itself.", hint=hint, id="csat.I001")
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        hint = "Set DATABASE_URL to a PostgreSQL database for more than one machine."
        yield Info("SQLite serves one machine.", hint=hint, id="csat.I002")


def _proxy() -> Iterator[CheckMessage]:
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        hint = "Behind a proxy that ends TLS, set TRUSTED_PROXIES to the number of proxies, or every page redirects to itself."
        yield Info("X-Forwarded-For and X-Forwarded-Proto are not read.", hint=hint, id="csat.I003")
