"""Settings. Each variable is read once, here, and a wrong one stops the command with its name.

Every variable is explained in .env.example.
"""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils import text
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range

from vocalborn import embedded_redis


def is_http_url(text: str) -> None:
    """An address that alerts may be sent to, or nothing."""
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
        raise ValidationError("must read http://host or https://host")


BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is empty: `make .venv` writes one into .env")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", []) or (["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the site's hosts when DEBUG is off")
DATA_DIR = Path(env.str("DATA_DIR", "") or BASE_DIR / "data").resolve()

INSTALLED_APPS = [
    "unfold",
    "vocalborn.apps.AdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "auditlog",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_celery_results",
    "django_celery_beat",
    "tasks_admin",
    "analysis",
]

MIDDLEWARE = [
    "tasks_admin.trail.request_id",  # first: every line of a request's log has its id
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "vocalborn.security.IdleSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "vocalborn.security.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "axes.middleware.AxesMiddleware",
]

# The API's page of documentation is served from here, not fetched from a CDN. As an installed app, ninja would be
# imported by every worker and command.
_NINJA = Path(str(getattr(find_spec("ninja"), "origin", ""))).parent

ROOT_URLCONF = "vocalborn.urls"
WSGI_APPLICATION = "vocalborn.wsgi.application"
ASGI_APPLICATION = "vocalborn.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "vocalborn" / "templates", _NINJA / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ---------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    url = env.str("DATABASE_URL", "") or (f"sqlite:///{DATA_DIR / 'vocalborn.sqlite3'}" if DEBUG else "")
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not an address of a database: {error}") from error
    if not config.get("ENGINE"):
        raise ImproperlyConfigured("DATABASE_URL is required: postgres://user:password@host:5432/name")
    if config["ENGINE"].endswith("sqlite3"):
        Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {
            # Without these two, workers that write at once see "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        }
        # A file, so that a worker in a process of its own can be tested on the same database.
        config["TEST"] = {"NAME": f"{config['NAME']}.test"}
    return config | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and language ----------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 10},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Guessing a password: five tries for a name from an address, then a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", _("Traditional Chinese")), ("en", _("English"))]
# The second is for the libraries that have no Traditional Chinese of their own.
LOCALE_PATHS = [BASE_DIR / "vocalborn" / "locale", BASE_DIR / "vocalborn" / "locale_libraries"]
TIME_ZONE = "Asia/Taipei"
USE_TZ = True

# --- files ------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [_NINJA / "static"]
MEDIA_ROOT = DATA_DIR / "media"
# MEDIA_URL stays unset: recordings are patients' voices and are served only through a view that checks.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
AUDIO_MAX_BYTES = env.int("AUDIO_MAX_BYTES", 50 * 2**20, validate=Range(min=1))
AUDIO_MAX_SECONDS = env.float("AUDIO_MAX_SECONDS", 300.0, validate=Range(min=1, max=3600))

# --- security ---------------------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", not DEBUG)
CSRF_FAILURE_VIEW = "vocalborn.errors.stale_form"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [
    r"^(healthz|readyz|metrics)$"
]  # asked for within the machine room, by name and port
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SESSION_COOKIE_HTTPONLY = True
# Counted from the last thing that a person did: what a page asks by itself keeps no session alive.
SESSION_COOKIE_AGE = 60 * env.int("SESSION_IDLE_MINUTES", 60, validate=Range(min=1, max=24 * 60))
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # hospitals' computers are shared
X_FRAME_OPTIONS = "DENY"
# Whose accounts must have a second factor: names of groups, or * for everybody. Anybody may have one.
SECOND_FACTOR_GROUPS: list[str] = env.list("SECOND_FACTOR_GROUPS", [])
OTP_TOTP_ISSUER = "VocalBorn"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # Scripts set an element's style by its attribute; a stylesheet needs the page's nonce.
        "style-src": [SELF, NONCE],
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "microphone": ["self"],
    "autoplay": ["self"],
    **{
        name: []
        for name in (
            "camera",
            "display-capture",
            "geolocation",
            "payment",
            "usb",
            "midi",
            "serial",
        )
    },
}

# --- Redis ------------------------------------------------------------------------------------------------


def _redis_urls() -> tuple[str, str, bool]:
    """The broker's URL, the result backend's, and whether they lead to the embedded Redis."""
    url, host = env.str("REDIS_URL", ""), env.str("REDIS_HOST", "")
    port = env.int("REDIS_PORT", 6379, validate=Range(1, 65535))
    password = env.str("REDIS_PASSWORD", "")
    broker = env.int("REDIS_DB_BROKER", 0, validate=Range(min=0))
    backend = env.int("REDIS_DB_BACKEND", 1, validate=Range(min=0))
    if url and host:
        raise ImproperlyConfigured("REDIS_URL and REDIS_HOST are both set: keep one")
    if url:
        return _with_database(url, broker), _with_database(url, backend), False
    if not host and not DEBUG:
        raise ImproperlyConfigured("REDIS_HOST or REDIS_URL is required when DEBUG is off")
    embedded = not host
    if embedded:
        kept = embedded_redis.address(DATA_DIR)
        host, port, password = "127.0.0.1", kept.port, kept.password
    base = _redis_url(host, port, password)
    return f"{base}/{broker}", f"{base}/{backend}", embedded


def _redis_url(host: str, port: int, password: str) -> str:
    secret = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{secret}{host}:{port}"


def _with_database(url: str, database: int) -> str:
    parts = [part for part in url.split(";") if part]
    for part in parts:
        split = urlsplit(part)
        if split.scheme not in {"redis", "rediss", "sentinel"} or not split.hostname or split.path.strip("/"):
            raise ImproperlyConfigured(
                "REDIS_URL must read redis://, rediss:// or sentinel://host:port, without a database"
            )
    return ";".join(f"{part.rstrip('/')}/{database}" for part in parts)


CELERY_BROKER_URL, _backend, REDIS_IS_EMBEDDED = _redis_urls()
_sentinel = CELERY_BROKER_URL.startswith("sentinel")
REDIS_SENTINEL_MASTER = env.str("REDIS_SENTINEL_MASTER", "")
if _sentinel and not REDIS_SENTINEL_MASTER:
    raise ImproperlyConfigured("REDIS_SENTINEL_MASTER is required with a sentinel:// REDIS_URL")

# --- Celery: what the environment decides. The rest, with its reasons, is in vocalborn/celery.py ----------------

CELERY_RESULT_BACKEND = (
    f"tasks_admin.results:{'RecordingSentinelBackend' if _sentinel else 'RecordingRedisBackend'}+{_backend}"
)
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_CONCURRENCY = env.int("CELERY_WORKER_CONCURRENCY", None, validate=Range(min=1, max=512))
CELERY_WORKER_MAX_TASKS_PER_CHILD = env.int("CELERY_WORKER_MAX_TASKS_PER_CHILD", 500, validate=Range(min=1))
CELERY_LOG_LEVEL = env.str(
    "CELERY_LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
)
# name:password; `manage.py tasks flower` refuses to start without.
FLOWER_BASIC_AUTH = env.str("FLOWER_BASIC_AUTH", "")
# Who is told of alerts. Without addresses they stand in the admin only.
SITE_URL = env.str("SITE_URL", "", validate=is_http_url)
ALERT_MAIL_TO: list[str] = env.list("ALERT_MAIL_TO", [])
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", "", validate=is_http_url)
ALERT_WEBHOOK_SECRET = env.str("ALERT_WEBHOOK_SECRET", "")
if ALERT_WEBHOOK_URL and not ALERT_WEBHOOK_SECRET:
    raise ImproperlyConfigured("ALERT_WEBHOOK_SECRET is required with ALERT_WEBHOOK_URL")
EMAIL_HOST = env.str("EMAIL_HOST", "")
if ALERT_MAIL_TO and not EMAIL_HOST:
    raise ImproperlyConfigured("EMAIL_HOST is required with ALERT_MAIL_TO")
EMAIL_PORT = env.int("EMAIL_PORT", 25, validate=Range(1, 65535))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_USER", ""), env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 5  # who sends an alert has other things to do
EMAIL_SUBJECT_PREFIX = "[VocalBorn] "
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "vocalborn@localhost")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN is too short to protect anything: at least 16 characters")
TASK_HISTORY_DAYS = env.int("TASK_HISTORY_DAYS", 90, validate=Range(min=1))
TASKS_ADMIN: dict[str, Any] = {
    # Loaded once in a worker's parent, before it forks, where the worker takes this queue.
    "WARM_UP": {"ai_analysis": "analysis.tasks.warm_up"},
    # Called before a command that needs the broker.
    "PREPARE": "vocalborn.services.ensure_redis",
    # Queues whose tasks spend long in native code: not every pool can serve them.
    "NATIVE_QUEUES": ["ai_analysis"],
    # Told of what is done to a job or a schedule from the command line.
    "AUDIT": "analysis.audit.record_action",
    "HISTORY_DAYS": TASK_HISTORY_DAYS,
    # What else maintenance removes: functions of the present moment that give rows by kind.
    "EXPIRED": ["analysis.models.upload_key.expired"],
    # How many jobs of one owner wait in the broker at a time: see tasks_admin.announce. At least as many as a
    # claim's way to the next, fewer than anybody minds waiting for.
    "ANNOUNCED_PER_OWNER": 4,
    "SITE_URL": SITE_URL,
    "ALERTS": {
        "MAIL_TO": ALERT_MAIL_TO,
        "WEBHOOK_URL": ALERT_WEBHOOK_URL,
        "WEBHOOK_SECRET": ALERT_WEBHOOK_SECRET,
    },
    # Without it there is no /metrics.
    "METRICS_TOKEN": METRICS_TOKEN,
    # What the apps measure beside jobs: functions that yield prometheus_client's metric families.
    "METRICS": ["analysis.metrics.families"],
}

LOG_FORMAT = env.str("LOG_FORMAT", "line" if DEBUG else "json", validate=OneOf(["line", "json"]))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"trail": {"()": "tasks_admin.trail.TrailFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "tasks_admin.trail.JsonLines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["trail"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": CELERY_LOG_LEVEL} for name in ("vocalborn", "analysis", "tasks_admin", "celery")},
        # Django's own handlers are not JSON, and root's has what they have.
        "django": {"handlers": [], "level": "INFO"},
        # The server's neither; its line for each request has the query, so ours stands for it (access_log.py).
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}

# --- the admin --------------------------------------------------------------------------------------------


capfirst = lazy(text.capfirst, str)


def _page(title: Any, icon: str, model: str, **more: Any) -> dict[str, Any]:
    """A line of the sidebar, for those who may look at the model."""
    app, _dot, name = model.partition(".")
    return {
        "title": capfirst(title),
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
        **more,
    }


def _tasks_page(title: Any, icon: str, name: str) -> dict[str, Any]:
    """A line of the sidebar, for those who run the task system."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": lambda request: request.user.has_perm("tasks_admin.view_jobattempt"),
    }


UNFOLD = {
    "SITE_TITLE": "VocalBorn",
    "SITE_HEADER": "VocalBorn",
    "SITE_SUBHEADER": _("speech-therapy practice"),
    "SITE_SYMBOL": "graphic_eq",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("analysis/favicon.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "analysis.admin.dashboard.first_page",
    "LOGIN": {"form": "vocalborn.second_factor.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("second_factor")},
        ]
    },
    "STYLES": [lambda request: static("analysis/admin.css")],
    "SCRIPTS": [
        lambda request: static("analysis/live.js"),
        lambda request: static("analysis/arrivals.js"),
    ],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": [
            {
                "title": _("Practice"),
                "separator": True,
                "items": [
                    {"title": _("Today"), "icon": "today", "link": reverse_lazy("admin:index")},
                    _page(_("patients"), "group", "analysis.patient"),
                    _page(_("exercises"), "article", "analysis.exercise"),
                    _page(_("practice recordings"), "mic", "analysis.practicerecording"),
                    _page(
                        _("analysis results"),
                        "insights",
                        "analysis.analysisresult",
                        badge="analysis.admin.state.awaiting",
                        badge_variant="warning",
                    ),
                ],
            },
            {
                "title": _("Task system"),
                "separator": True,
                "items": [
                    _tasks_page(_("Overview"), "monitoring", "tasks_overview"),
                    _tasks_page(_("Queues"), "low_priority", "tasks_queues"),
                    _tasks_page(_("Jobs"), "list_alt", "tasks_jobs"),
                    _page(_("analysis jobs"), "work_history", "analysis.analysisjob"),
                    _page(_("job attempts"), "replay", "tasks_admin.jobattempt"),
                    _page(_("alerts"), "notifications", "tasks_admin.alert"),
                    _page(_("alert rules"), "tune", "tasks_admin.alertrule"),
                    _page(_("workers"), "dns", "tasks_admin.workerbeat"),
                    _page(_("daily figures"), "bar_chart", "tasks_admin.dailyfigures"),
                    _page(_("schedules"), "schedule", "django_celery_beat.periodictask"),
                    _page(_("crontabs"), "calendar_month", "django_celery_beat.crontabschedule"),
                    _page(_("intervals"), "timer", "django_celery_beat.intervalschedule"),
                    _page(_("task history"), "history", "django_celery_results.taskresult"),
                ],
            },
            {
                "title": _("Access"),
                "separator": True,
                "items": [
                    _page(_("accounts"), "person", "auth.user"),
                    _page(_("groups"), "groups", "auth.group"),
                    _page(_("access tokens"), "key", "analysis.accesstoken"),
                    _page(_("audit log"), "policy", "auditlog.logentry"),
                ],
            },
        ],
    },
}
