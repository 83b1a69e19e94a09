"""System checks csat.E001, csat.W001...: half-configured providers, unsafe settings, broker time limits."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import DatabaseError

from csat.channels import registry, status
from csat.lib.addresses import is_confidential
from csat.people import demo, roles, single_sign_on, sso_roles, suppression


@register("csat")
def providers(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """A provider with some of its variables set, but not all that it needs to send."""
    kind_by_todo: dict[str, str] = {}
    for channel in registry.all():
        channel_status = channel.status()
        if channel_status.state == status.MISCONFIGURED and channel_status.todo:
            kind_by_todo.setdefault(channel_status.todo, channel.kind)
    return [
        Warning(f"The provider of {kind} is only half configured.", hint=todo, id="csat.W001")
        for todo, kind in kind_by_todo.items()
    ]


@register("csat")
def broker(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """django-q2 fetches tasks ahead and counts `retry` from then: if it is too short, a task runs twice."""
    messages: list[CheckMessage] = []
    default = settings.Q_CLUSTER
    clusters = {default["name"]: default}
    clusters |= {name: default | own for name, own in default.get("ALT_CLUSTERS", {}).items()}
    for name, cluster in clusters.items():
        least = cluster["timeout"] * (cluster["queue_limit"] / cluster["workers"] + 1)
        if cluster["retry"] <= least:
            hint = f"Make retry longer than timeout x (queue_limit / workers + 1) = {least:.0f} s."
            messages.append(
                Warning(f"The queue {name} may run a task twice at once.", hint=hint, id="csat.W002")
            )
    if settings.DATABASES["default"].get("CONN_MAX_AGE") == 0:
        text, hint = "Every call of the queue opens a new database connection.", "Set CONN_MAX_AGE to 60."
        messages.append(Warning(text, hint=hint, id="csat.W003"))
    return messages


@register("csat")
def origins(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """WIDGET_ORIGINS are compared with what browsers send: scheme://host[:port] and nothing else."""
    wrong = [origin for origin in settings.WIDGET_ORIGINS if not _is_origin(origin)]
    hint = "An origin is like https://shop.example.com, without a path and without a * in it."
    return [
        Warning(f"WIDGET_ORIGINS names {origin!r}, which no browser sends.", hint=hint, id="csat.W004")
        for origin in wrong
    ]


@register("csat", Tags.database)
def suppression_keys(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: object
) -> list[CheckMessage]:
    """Erased people's opt-outs are hashes: without their key nobody would find them any more."""
    return _suppression_keys() if databases else []


@register("csat", Tags.security, deploy=True)
def suppression_keys_in_production(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: object
) -> list[CheckMessage]:
    return [] if databases else _suppression_keys()


def _suppression_keys() -> list[CheckMessage]:
    try:
        unknown = suppression.unknown_keys()
    except DatabaseError:  # not there, or not migrated yet
        return []
    hint = (
        "Put the LINK_KEY they were made with back, behind the present one and a comma; "
        "or the former SECRET_KEY, if there was no LINK_KEY then."
    )
    text = "{number} erased people's opt-outs were stored under the key {key}, which is not set: "
    text += "these people would be asked again."
    return [
        Error(text.format(number=number, key=key), hint=hint, id="csat.E001")
        for key, number in unknown.items()
    ]


@register("csat")
def allowed(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """WEBHOOK_ALLOW and CONNECT_ALLOW are compared with the host and port in a URL."""
    hint = "Name host:port as URLs do, such as 10.0.0.7:8080 or crm.internal:443."
    return [
        Warning(f"{name} names {entry!r}, which allows nothing.", hint=hint, id="csat.W006")
        for name in ("WEBHOOK_ALLOW", "CONNECT_ALLOW")
        for entry in getattr(settings, name)
        if not re.fullmatch(r"[^/@\s]+:\d{1,5}", entry)
    ]


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "*" not in origin
        and origin == f"{parts.scheme}://{parts.netloc}"
    )


@register("csat", Tags.security, deploy=True)
def demo_logins(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """Silent where the database does not answer or has no tables yet."""
    try:
        logins = ", ".join(user.username for user in demo.users())
    except DatabaseError:
        return []
    hint = "manage.py demo --remove takes the demo out. Until then its logins are refused on this site."
    return [Error(f"The demo's logins are here: {logins}.", hint=hint, id="csat.E002")] if logins else []


@register("csat", Tags.security, deploy=True)
def secrets_key(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """Several machines read one database: a key in a file of one of them is no key for the others."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    messages: list[CheckMessage] = []
    if not settings.SECRETS_KEY_GIVEN:
        hint = "Set SECRETS_KEY to a long random text, the same on all machines."
        messages.append(
            Error("Secrets of other systems have no key of their own.", hint=hint, id="csat.E003")
        )
    if not settings.SECRET_KEY_GIVEN:
        hint = "Set SECRET_KEY to a long random text, the same on all machines."
        text = "The key of logins, links and queued work lies in a file of this machine."
        messages.append(Error(text, hint=hint, id="csat.E020"))
    return messages


@register("csat", Tags.security, deploy=True)
def oidc(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """Half a single sign-on is none, and may be no way in at all."""
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    messages: list[CheckMessage] = []
    if missing and (len(missing) < len(names) or settings.OIDC_ROLE_CLAIM or settings.OIDC_ROLES):
        text, hint = "Single sign-on is only half configured.", f"Set {', '.join(missing)}, too."
        messages.append(Error(text, hint=hint, id="csat.E010"))
    if settings.OIDC_ISSUER and not single_sign_on.is_usable(settings.OIDC_ISSUER):
        hint = "Name it by its https address, of at most 200 characters; http is for this machine itself."
        messages.append(Error("OIDC_ISSUER is not used.", hint=hint, id="csat.E011"))
    if wrong := [origin for origin in settings.OIDC_ORIGINS if not is_confidential(origin)]:
        hint = "An origin is like https://sts.example.com."
        messages.append(Error(f"OIDC_ORIGINS names {', '.join(wrong)}.", hint=hint, id="csat.E015"))
    if unknown := sso_roles.unknown(settings.OIDC_ROLES):
        hint = f"Roles are {', '.join(roles.Role.values)}."
        text = f"OIDC_ROLES gives what is no role: {', '.join(unknown)}."
        messages.append(Error(text, hint=hint, id="csat.E012"))
    if bool(settings.OIDC_ROLE_CLAIM) != bool(settings.OIDC_ROLES):
        hint = (
            "Set OIDC_ROLE_CLAIM and OIDC_ROLES, or neither: one names the claim, one what its groups give."
        )
        messages.append(Error("The issuer's groups give no roles.", hint=hint, id="csat.E013"))
    if not settings.PASSWORD_LOGIN and not single_sign_on.is_configured():
        hint = "Set the OIDC variables, or PASSWORD_LOGIN=on."
        messages.append(Error("Nobody can log in.", hint=hint, id="csat.E014"))
    return messages


@register("csat", Tags.security, deploy=True)
def break_glass(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """Silent where the database does not answer or has no tables yet."""
    try:
        if settings.PASSWORD_LOGIN or User.objects.filter(is_superuser=True, is_active=True).exists():
            return []
    except DatabaseError:
        return []
    hint = "Make a superuser (manage.py createsuperuser): welcome --break-glass logs them in."
    return [Warning("While the issuer is away nobody can log in.", hint=hint, id="csat.W010")]


@register("csat", Tags.security, deploy=True)
def production(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or demo.on_this_machine():
        hint = "Set SITE_URL to the https address under which customers reach this server."
        messages.append(
            Warning(f"Every link we send begins with {settings.SITE_URL}.", hint=hint, id="csat.W005")
        )
    if settings.LINK_BASE and urlsplit(settings.LINK_BASE).scheme != "https":
        hint = "Set LINK_BASE to an https address, or customers' ratings travel in clear."
        messages.append(
            Warning(f"Customers' links begin with {settings.LINK_BASE}.", hint=hint, id="csat.W011")
        )
    if not settings.REDIS_URL:
        hint = "Set REDIS_URL when more than one web process runs."
        messages.append(
            Info("Rate limits are counted by each process for itself.", hint=hint, id="csat.I001")
        )
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        hint = "Set DATABASE_URL to a PostgreSQL database for more than one machine."
        messages.append(Info("SQLite serves one machine.", hint=hint, id="csat.I002"))
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        hint = (
            "Behind a proxy that ends TLS, set TRUSTED_PROXIES to the number of proxies, "
            "or every page redirects to itself."
        )
        messages.append(
            Info("X-Forwarded-For and X-Forwarded-Proto are not read.", hint=hint, id="csat.I003")
        )
    return messages


@register("csat", Tags.security, deploy=True)
def inner_lines(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """Database and Redis of another machine: by TLS and with a password, or on a network that is trusted."""
    database = settings.DATABASES["default"]
    messages: list[CheckMessage] = []
    if database["ENGINE"].endswith("postgresql") and _is_remote(database.get("HOST", "")):
        if database.get("OPTIONS", {}).get("sslmode") not in ("require", "verify-ca", "verify-full"):
            hint = (
                "Add ?sslmode=verify-full to DATABASE_URL, unless that network is as trusted as this machine."
            )
            messages.append(
                Info("The database is asked over the network, maybe without TLS.", hint=hint, id="csat.I004")
            )
        if not database.get("PASSWORD"):
            hint = "Give the user of the database a password; DATABASE_URL_FILE may hold it."
            messages.append(Warning("The database takes us without a password.", hint=hint, id="csat.W008"))
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme in ("redis", "rediss") and _is_remote(redis.hostname or ""):
        if redis.scheme == "redis":
            hint = "Use rediss://, unless that network is as trusted as this machine."
            messages.append(Info("Redis is asked without TLS.", hint=hint, id="csat.I005"))
        if not redis.password:
            hint = "Set a password there (requirepass) and in REDIS_URL: redis://:PASSWORD@HOST."
            messages.append(Info("Redis takes us without a password.", hint=hint, id="csat.I006"))
    return messages


def _is_remote(host: str) -> bool:
    return bool(host) and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1")
