"""Settings, from environment variables only (docs/operators.md); without any, the sandbox runs."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from project import databases, secret_key
from project import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = secret_key.VAR_DIR
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
TESTING = "pytest" in sys.modules

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = secret_key.read(passing=DEBUG or TESTING)
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")  # former ones: their logins go on
SECRETS_KEYS = secret_key.read_secrets(SECRET_KEY)  # the first encrypts secrets of other systems
SECRET_KEY_GIVEN, SECRETS_KEY_GIVEN = bool(env.text("SECRET_KEY")), bool(env.names("SECRETS_KEY"))
LINK_KEYS = env.names("LINK_KEY")  # the first signs new links; old links made with the others still work
_host = env.text("HOST", "127.0.0.1")
SITE_URL = env.site(
    "SITE_URL", f"http://{f'[{_host}]' if ':' in _host else _host}:{env.text('PORT', '8000')}"
)
LINK_BASE = env.site("LINK_BASE", "") if env.text("LINK_BASE") else ""  # a short domain for customers' links
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", [_site.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"])
ALLOWED_HOSTS += [urlsplit(LINK_BASE).hostname or ""] if LINK_BASE else []
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
WIDGET_ORIGINS = env.names("WIDGET_ORIGINS")
WEBHOOK_ALLOW = env.names("WEBHOOK_ALLOW")
CONNECT_ALLOW = env.names("CONNECT_ALLOW")
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
METRICS_TOKEN = env.text("METRICS_TOKEN")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_q",
    "anymail",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csat.apps.CsatConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csat.web.middleware.RequestIdMiddleware",
    "csat.web.middleware.ClientAddressMiddleware",
    "csat.web.middleware.RefuseNulMiddleware",
    "csat.web.middleware.HttpsOnlyMiddleware",
    "csp.middleware.CSPMiddleware",
    "csat.web.middleware.LinkHostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csat.web.middleware.NoStoreMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "csat.web.middleware.WholeLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "csat.web.middleware.ReaderZoneMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "csat.web.middleware.LoginTimeMiddleware",
    "csat.web.replica.ReadYourWritesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csat.web.account.reauthentication.ReauthenticationMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csat.web.context.frame",
            ]
        },
    }
]

DATABASES: dict[str, Any] = {
    "default": databases.read("DATABASE_URL", f"sqlite:///{VAR_DIR / 'csat.sqlite3'}", base=BASE_DIR)
}
if replica := databases.read_replica("DATABASE_REPLICA_URL", of=DATABASES["default"]):
    DATABASES["replica"] = replica
DATABASE_ROUTERS = ["csat.lib.replica.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.cache("REDIS_URL")
if REDIS_URL:
    _patience = {"socket_connect_timeout": 1, "socket_timeout": 1}
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "csat.lib.cache.FaultTolerantCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": _patience,
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

Q_WORKERS = env.number("Q_WORKERS", 2, least=1)
NIGHTLY_HOUR = env.number("NIGHTLY_HOUR", 3) % 24  # in the organisation's time zone
Q_CLUSTER: dict[str, Any] = {
    "name": "surveys",
    "orm": "default",
    "broker_class": "csat.lib.queue_broker.Broker",
    "workers": Q_WORKERS,
    "queue_limit": Q_WORKERS * 2,
    "bulk": 1,
    "timeout": 60,
    "retry": 300,  # > timeout x (queue_limit / workers + 1): the pusher prefetches
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 262144,
    "poll": 0.5,
    "guard_cycle": 2,  # seconds between two looks at the workers
    "label": "Queue",
    "ALT_CLUSTERS": {
        "outward": {"timeout": 60, "retry": 300, "workers": Q_WORKERS, "queue_limit": Q_WORKERS * 2}
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "csat.web.passwords.OwnNamesValidator",
    )
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a hundred times faster
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "inbox"
LOGOUT_REDIRECT_URL = "login"
SESSION_HOURS = env.number("SESSION_HOURS", 12, least=1)
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", 60, least=1)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
PASSWORD_RESET_TIMEOUT = 3600  # of the link in the mail

# Accounts, by django-allauth: `csat/web/account/`. A user's mail is User.email alone; guessing is slowed by
# `login_attempts` alone
ACCOUNT_ADAPTER = "csat.web.account.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "csat.web.account.forms.LoginForm",
    "reset_password": "csat.web.account.forms.ResetPasswordForm",
}
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "csat.web.account.adapter.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "csat.web.account.forms.CodeForm",
    "reauthenticate": "csat.web.account.forms.ConfirmByCodeForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_TOLERANCE = 1  # of 30 seconds, either way
# Single sign-on by OpenID Connect (csat/web/account/single_sign_on.py)
OIDC_ISSUER = env.issuer("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_ORIGINS = env.names("OIDC_ORIGINS")  # that the issuer leads people through without a page of its own
OIDC_ROLE_CLAIM = env.text("OIDC_ROLE_CLAIM")
OIDC_ROLES = env.pairs("OIDC_ROLES")  # (group, role)
PASSWORD_LOGIN = env.flag("PASSWORD_LOGIN", default=True)
SOCIALACCOUNT_ADAPTER = "csat.web.account.single_sign_on.Adapter"

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt-br", "Português (Brasil)"),
    ("tr", "Türkçe"),
    ("zh-hans", "简体中文"),
]
STAFF_LANGUAGES = ["en"]  # complete translations of the staff pages; customers' pages are in all LANGUAGES
LOCALE_PATHS = [BASE_DIR / "csat" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.folder("STATIC_ROOT", VAR_DIR / "static")
_plain_static = DEBUG or TESTING
# exports, imports and logos: in the database every machine has them
FILE_STORAGES = {
    "database": "csat.lib.database_storage.DatabaseStorage",
    "folder": "django.core.files.storage.FileSystemStorage",
}
_files_at_first = "database" if DATABASES["default"]["ENGINE"].endswith("postgresql") else "folder"
STORAGES = {
    "default": {"BACKEND": FILE_STORAGES[env.choice("FILES", FILE_STORAGES, _files_at_first)]},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _plain_static
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _plain_static
WHITENOISE_AUTOREFRESH = _plain_static
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
# backups, and what must outlive the database: who was erased
BACKUP_DIR = env.text("BACKUP_DIR")
ERASURE_JOURNAL = env.text("ERASURE_JOURNAL") or os.path.join(BACKUP_DIR or VAR_DIR, "erasures.jsonl")
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700

# Security: on when the site is https
SECURE_SSL_REDIRECT = HTTPS
# who calls these by http has shown a secret already, and no person is there to be redirected
HTTPS_ONLY = r"^(?:api(?!/v1/docs/)|callbacks|connect)(?:/|$)"
SECURE_REDIRECT_EXEMPT = [r"^health/", HTTPS_ONLY]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:  # no neighbour in our domain, and nobody on the way, can set a cookie of these names
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_FAILURE_VIEW = "csat.web.errors.stale"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "frame-src": ["'self'"],
        "report-uri": "/csp-report",
    }
}

# Providers
# How long a worker may hold a delivery (longer than any task runs), a webhook endpoint (longer than one call,
# at most 15 s) and a workflow run (longer than one step)
SEND_LEASE_SECONDS = env.number("SEND_LEASE_SECONDS", 90)
CALL_LEASE_SECONDS = env.number("CALL_LEASE_SECONDS", 45)
RUN_LEASE_SECONDS = env.number("RUN_LEASE_SECONDS", 60)
ANYMAIL_ESP = env.esp("ANYMAIL_ESP")
_mail = env.mail("EMAIL_URL")
EMAIL_CONFIGURED = bool(_mail or ANYMAIL_ESP)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Support <support@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if _mail:
    EMAIL_HOST = _mail["EMAIL_HOST"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
    EMAIL_PORT = _mail["EMAIL_PORT"] or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
elif ANYMAIL_ESP:
    EMAIL_BACKEND = f"anymail.backends.{ANYMAIL_ESP}.EmailBackend"
EMAIL_TIMEOUT = 15
ANYMAIL = {
    "WEBHOOK_SECRET": env.text("ANYMAIL_WEBHOOK_SECRET") or None,
    "REQUESTS_TIMEOUT": 15,
    "IGNORE_UNSUPPORTED_FEATURES": True,  # an ESP without metadata or click settings still carries the mail
}
# Anymail reads <ESP>_API_KEY and the like from the settings: pass on the variables of the chosen ESP.
_esp = ANYMAIL_ESP.upper().replace("_", "")
if _esp:
    for _name in os.environ:
        if _name.replace("_", "").startswith(_esp):
            ANYMAIL[_name.removesuffix("_FILE")] = env.text(_name.removesuffix("_FILE"))

TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_SMS_FROM = env.text("TWILIO_SMS_FROM")
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_WHATSAPP_FROM = env.text("TWILIO_WHATSAPP_FROM")
TWILIO_WHATSAPP_CONTENT_SID = env.text("TWILIO_WHATSAPP_CONTENT_SID")
TWILIO_API_BASE = env.text("TWILIO_API_BASE")
SLACK_BOT_TOKEN = env.text("SLACK_BOT_TOKEN")
SLACK_SIGNING_SECRET = env.text("SLACK_SIGNING_SECRET")
SLACK_API_BASE = env.text("SLACK_API_BASE")
SENTRY_DSN = env.text("SENTRY_DSN")

# What manage.py doctor asks and looks at
DKIM_SELECTOR = env.text("DKIM_SELECTOR")
DNS_SERVER = env.text("DNS_SERVER")  # ADDRESS:PORT, for a stand-in; this machine's own resolver otherwise

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["csat.api.auth.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["csat.api.auth.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["csat.api.parsers.Json"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_SCHEMA_CLASS": "csat.api.openapi.schema.OperationSchema",
    "DEFAULT_THROTTLE_CLASSES": ["csat.api.throttling.PerKey"],
    "EXCEPTION_HANDLER": "csat.api.errors.handle",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CSAT API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "SERVERS": [{"url": f"{SITE_URL}/api/v1"}],
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["csat.api.openapi.schema.without_slashes"],
    "POSTPROCESSING_HOOKS": ["csat.api.openapi.schema.with_examples"],
    "DESCRIPTION": (
        "Every request carries `Authorization: Bearer csat_live_...`; "
        "keys are made under Settings → API keys. "
        "Lists are read page by page: pass `next` as `cursor`. "
        "With `updated_after` they come in the order of `updated_at`: "
        "keep a copy in step by asking from 60 seconds before the last `updated_at` seen. "
        "A POST with an `Idempotency-Key` may be repeated safely for 24 hours. Times are UTC."
    ),
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "docExpansion": "none"},
}

ACCESS_LOG = env.flag("ACCESS_LOG", default=False)
LOG_LEVEL = env.level("LOG_LEVEL", "INFO")
SILENCED_SYSTEM_CHECKS: list[str] = []
from project.logging import LOGGING

LOGGING["root"]["level"] = LOG_LEVEL

if SENTRY_DSN:
    import sentry_sdk
    from sentry_sdk.utils import BadDsn

    from project import error_reports

    try:
        sentry_sdk.init(dsn=SENTRY_DSN, **error_reports.OPTIONS)
    except BadDsn as trouble:
        raise env.Misunderstood(
            "SENTRY_DSN: give the address that Sentry names, https://KEY@HOST/PROJECT."
        ) from trouble
