"""Settings, typed from the environment.

Two modes from one code base: ``embedded`` (default: SQLite, file broker, nothing to install) and ``production``
(PostgreSQL and Redis by ``DATABASE_URL`` and ``BROKER_URL``; refuses to start without its secrets).
"""

import secrets
import sqlite3
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.password_profiles import PROFILES

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODE: str = env.str("PORTAL_MODE", "embedded")
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured("PORTAL_MODE must be 'embedded' or 'production'.")
PRODUCTION = MODE == "production"

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
KEY_DIR = Path(env.str("KEY_DIR", str(DATA_DIR / "keys")))
MEDIA_ROOT = DATA_DIR / "files"


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal a SQLite library of this version may be trusted with when several processes write."""
    return "WAL" if version >= (3, 51, 3) else "DELETE"


def secret(name: str) -> str:
    """A secret from the environment; embedded, one that is made once and kept beside the data, readable by its owner only."""
    if name in env.ENVIRON:
        return env.str(name)
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} must be set in production.")
    path = KEY_DIR / name.lower()
    if not path.exists():
        KEY_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = secret("SECRET_KEY")
FIELD_KEY = secret("FIELD_KEY")
DEBUG = env.bool("DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production.")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must be set in production.")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL: str = env.str("SITE_URL", "http://127.0.0.1:8000")
PORTAL_NAME: str = env.str("PORTAL_NAME", "党内集中教育活动管理平台")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "treebeard",
    "axes",
    "csp",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "portal",
    "members",
    "campaign",
    "evaluation",
    "rectification",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.uploads.UploadLimitMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.sessions.SessionLimitMiddleware",
    "members.hats.ChosenHatMiddleware",
    "portal.answers.MethodPageMiddleware",
    "portal.middleware.AccessMiddleware",
    "portal.middleware.FirstThingsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
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
                "portal.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    # Before 3.51.3 a reset of the write-ahead log can corrupt a database that several processes write: such libraries
    # get the rollback journal (docs/decisions/0003-embedded-database.md).
    SQLITE_JOURNAL = journal_mode(sqlite3.sqlite_version_info)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode={SQLITE_JOURNAL}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
    # Behind a pool that hands out connections by transaction nothing can be prepared.
    PREPARE_STATEMENTS = DATABASES["default"]["CONN_MAX_AGE"] > 0
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Just-in-time compilation costs more than it saves on the portal's short queries.
    DATABASES["default"]["OPTIONS"] = {"options": "-c jit=off"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_PROFILE: str = env.str("PASSWORD_PROFILE", "modern")
if PASSWORD_PROFILE not in PROFILES:
    raise ImproperlyConfigured("PASSWORD_PROFILE must be 'modern' or 'classified'.")
PROFILE = PROFILES[PASSWORD_PROFILE]
AUTH_PASSWORD_VALIDATORS = list(PROFILE.validators)
PASSWORD_MAX_DAYS = PROFILE.max_days
# Codes of roles (members/permissions.py) whose holders must have a second factor.
SECOND_FACTOR_ROLES: list[str] = env.list("SECOND_FACTOR_ROLES", default=[])
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
# Account and address together: a stranger elsewhere cannot lock a victim out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOCKOUT_FAILURES", PROFILE.failures)
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "portal/locked_out.html"
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", 0)
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_ENGINE = "portal.session_stores.cached"
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 8 * 3600)
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", PROFILE.idle_seconds)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = env.str("TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", 50 * 1024 * 1024)
# Of one attached file, of a recording, and of all files of one record.
ATTACHMENT_BYTES = env.int("ATTACHMENT_BYTES", 20 * 1024 * 1024)
ATTACHMENT_PLAYING_BYTES = env.int("ATTACHMENT_PLAYING_BYTES", 45 * 1024 * 1024)
ATTACHMENTS_EACH = env.int("ATTACHMENTS_EACH", 30)
ATTACHMENTS_EACH_BYTES = env.int("ATTACHMENTS_EACH_BYTES", 200 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "portal.uploads.UploadLimitHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail://" if not PRODUCTION else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "portal@localhost")
# Digests go out from the first of these hours until the second, on working days (portal/working_days.py).
WORKING_HOURS: tuple[int, int] = (env.int("WORK_STARTS", 9), env.int("WORK_ENDS", 18))
if not 0 <= WORKING_HOURS[0] < WORKING_HOURS[1] <= 24:
    raise ImproperlyConfigured("WORK_STARTS must be before WORK_ENDS, both hours of the day.")
# Webhooks of the organisation's own messenger: off limits are addresses of the inner network, unless it is there;
# certificates are those of public authorities, or of the organisation's own.
WEBHOOK_PRIVATE_ADDRESSES = env.bool("WEBHOOK_PRIVATE_ADDRESSES", False)
WEBHOOK_CA_FILE: str = env.str("WEBHOOK_CA_FILE", "")
WEBHOOK_SECONDS = env.int("WEBHOOK_SECONDS", 10)
WEBHOOK_FAILING_DAYS = env.int("WEBHOOK_FAILING_DAYS", 3)

BROKER_URL: str = env.str("BROKER_URL", "files://localhost")
CACHES: dict[str, dict[str, object]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if BROKER_URL.startswith("redis"):
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", BROKER_URL),
    }
else:
    # Web and worker are separate processes; a per-process cache must not keep sessions apart.
    SESSION_ENGINE = "portal.session_stores.database"
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
if BROKER_URL.startswith("files"):
    BROKER_DIR = DATA_DIR / "broker"
    (BROKER_DIR / "queue").mkdir(parents=True, exist_ok=True)
    (BROKER_DIR / "control").mkdir(parents=True, exist_ok=True)
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    # A broker that is down must not hold up the page that hands in a job: the sweeper rings later.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "max_retries": 0, "socket_connect_timeout": 1}
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 60)
JOB_RESULT_DAYS = env.int("JOB_RESULT_DAYS", 30)

FONT_BODY: str = env.str("FONT_BODY", "FandolFang R, FandolFang, Noto Serif CJK SC")
FONT_TITLE: str = env.str("FONT_TITLE", "Noto Serif CJK SC")
FONT_HEADING: str = env.str("FONT_HEADING", "Noto Sans CJK SC")
FONT_KAI: str = env.str("FONT_KAI", "FandolKai, Noto Serif CJK SC")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
