"""Settings: one file, strict environment parsing.

Every variable is read through ``portal.kit.environment``, which refuses a
value it does not understand and names the variable. ``portal.checks`` refuses
combinations that parse but would be wrong to run.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from portal.kit import environment
from portal.kit.logs import structured_logging
from portal.timetable import TIMETABLE

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = environment.folder("DATA_DIR", str(BASE_DIR / "data"))

# --- What runs here -----------------------------------------------------------

DEBUG = environment.flag("DEBUG", False)
# The demo opens doors that a production system keeps shut (login hints, no MFA,
# a readable mailbox); portal.checks refuses it under ``check --deploy``.
DEMO = environment.flag("DEMO", False)
SECRET_KEY = environment.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS", [])
# For secrets kept in rows (portal.kit.secrets): the first key encrypts, all of them decrypt.
ENCRYPTION_KEYS = [
    key.strip() for key in environment.text("ENCRYPTION_KEYS", "").split(",") if key.strip()
]
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1"])
BASE_URL = environment.text("BASE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", [BASE_URL])
VENDOR_NAME = environment.text("VENDOR_NAME", "Tidewater")
METRICS_TOKEN = environment.text("METRICS_TOKEN", "")
SERVED_OVER_TLS = urlsplit(BASE_URL).scheme == "https"

# --- Applications -------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "people",
    "tiers",
    "kb",
    "tickets",
    "integrations",
    "integrations.crm",
    "reports",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "portal.kit.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.AdminContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "people.middleware.ViewerMiddleware",
    "people.middleware.StaffSecondFactorMiddleware",
    "portal.kit.refused_answers.RefusedMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "portal.context.portal",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        environment.address(
            "DATABASE_URL",
            f"sqlite:///{DATA_DIR / 'db.sqlite3'}",
            ("sqlite", "postgres", "postgresql"),
        ),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
USES_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if USES_SQLITE:
    DATABASES["default"]["ENGINE"] = "portal.sqlite3"
    # IMMEDIATE: with DEFERRED, half of eight parallel writers fail, because a busy
    # timeout does not help a transaction that starts with a read and then writes.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Added to what the address says, like ?sslmode=require. A connection prepares what it asks
    # for the third time: planning the desk's counts took longer than counting.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        options="-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
        server_side_binding=True,
        prepare_threshold=3,
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache, sessions, broker --------------------------------------------------

REDIS_URL = environment.address("REDIS_URL", "", ("redis", "rediss", "unix"))
CACHES: dict[str, dict[str, object]]
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        }
    }
else:
    CACHES = {
        "default": {
            # Shared between the processes of one machine, so that login rate limits count.
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(DATA_DIR / "cache"),
        }
    }
# Pieces of pages that are drawn over and over, each named by all it depends on; every process
# keeps its own, because fetching fifty of them from elsewhere would take longer than drawing.
CACHES["drawings"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "drawings",
    "TIMEOUT": 300,
    "OPTIONS": {"MAX_ENTRIES": 4000},
}
# The database alone holds sessions: Redis may vanish without logging anybody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVED_OVER_TLS
if SERVED_OVER_TLS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = environment.address(
    "BROKER_URL",
    REDIS_URL or "filesystem://localhost",
    ("filesystem", "redis", "rediss", "redis+socket", "amqp", "amqps", "memory"),
)
if CELERY_BROKER_URL.startswith("filesystem://"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "tickets.tasks.sweep_clocks": {"queue": "sla"},
    "tickets.tasks.announce_clock_events": {"queue": "sla"},
    "tickets.tasks.send_alerts": {"queue": "sla"},
    "people.tasks.deliver_notices": {"queue": "mail_out"},
    "integrations.crm.tasks.follow_crms": {"queue": "hooks"},
    "integrations.crm.tasks.write_tiers_back": {"queue": "hooks"},
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = TIMETABLE

# --- People and how they log in -----------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "front_door"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "people.forms.SignUpDetailsForm"
ACCOUNT_FORMS = {"login": "people.forms.log_in.LogInForm"}
ACCOUNT_USER_DISPLAY = "people.adapters.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code, typed where one signed up, and not a link: by pressing a link, the owner of an
# address would confirm an account that somebody else made with it.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SERVED_OVER_TLS else "http"
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = environment.integer("TRUSTED_PROXY_COUNT", 0, minimum=0)

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = f"{VENDOR_NAME} Support"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SERVED_OVER_TLS
MFA_REQUIRED_FOR_STAFF = environment.flag("MFA_REQUIRED_FOR_STAFF", not DEMO)
USERSESSIONS_TRACK_ACTIVITY = False

# --- Mail and files -----------------------------------------------------------

DEFAULT_FROM_EMAIL = environment.text(
    "DEFAULT_FROM_EMAIL", f"{VENDOR_NAME} Support <support@tidewater.example>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
_mailbox = environment.text("MAILBOX_DIR", str(DATA_DIR / "mailbox") if DEMO else "")
MAILBOX_DIR = Path(_mailbox) if _mailbox else None
EMAIL_TIMEOUT = 10
if MAILBOX_DIR:
    EMAIL_BACKEND = "integrations.mail.mailbox.MailboxBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    _smtp = urlsplit(environment.address("EMAIL_URL", "smtp://localhost:25", ("smtp",)))
    EMAIL_HOST = _smtp.hostname or "localhost"
    EMAIL_PORT = _smtp.port or 25
    EMAIL_HOST_USER = unquote(_smtp.username or "")
    EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
    EMAIL_USE_TLS = parse_qs(_smtp.query).get("tls") == ["1"]
    EMAIL_USE_SSL = parse_qs(_smtp.query).get("ssl") == ["1"]
# How a notice leaves the house: the outbox knows these names, not the vendors.
NOTICE_TRANSPORTS = {"mail": "integrations.mail.transport.send_notice"}
# The CRMs that facts may come from: one folder each, found by its dotted path.
CRM_VENDORS: dict[str, str] = {
    "hubspot": "integrations.crm.hubspot.vendor.HubSpotVendor",
    "salesforce": "integrations.crm.salesforce.vendor.SalesforceVendor",
}
# The demo brings a CRM of its own, a stand-in for HubSpot on this machine.
DEMO_CRM_PORT = environment.integer("DEMO_CRM_PORT", 8001, minimum=1)
DEMO_CRM_URL = f"http://localhost:{DEMO_CRM_PORT}" if DEMO else ""
# Where HubSpot's API and its pages are. Never from a page: what is typed must not choose a host.
HUBSPOT_API_URL = environment.address(
    "HUBSPOT_API_URL",
    f"http://127.0.0.1:{DEMO_CRM_PORT}" if DEMO else "https://api.hubapi.com",
    ("https", "http"),
).rstrip("/")
HUBSPOT_APP_URL = environment.address(
    "HUBSPOT_APP_URL", DEMO_CRM_URL or "https://app.hubspot.com", ("https", "http")
).rstrip("/")
# Salesforce is always at https://*.salesforce.com; its stand-in (tests, demo) is on this machine.
SALESFORCE_CONTRACT_URL = environment.address("SALESFORCE_CONTRACT_URL", "", ("http",))
# Bodies of webhooks are forgotten after so many days; their hash and outcome stay.
CRM_KEEP_BODIES_DAYS = environment.integer("CRM_KEEP_BODIES_DAYS", 30, minimum=1)

# Hashed names need one collectstatic at each deployment; development serves the sources.
HASHED_STATIC_FILES = environment.flag("HASHED_STATIC_FILES", not DEBUG)
ATTACHMENTS_DIR = DATA_DIR / "attachments"
ATTACHMENT_MAX_BYTES = environment.integer("ATTACHMENT_MAX_BYTES", 10 * 1024 * 1024, minimum=1)
ATTACHMENT_MAX_COUNT = 10
# Holiday feeds are fetched over https from public addresses; a test server is neither.
PRIVATE_FEEDS_ALLOWED = environment.flag("PRIVATE_FEEDS_ALLOWED", False)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media", "base_url": "/media/"},
    },
    "attachments": {
        # No base_url: an attachment has no address of its own, only an authorised view.
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ATTACHMENTS_DIR, "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if HASHED_STATIC_FILES
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = not HASHED_STATIC_FILES
MEDIA_ROOT = DATA_DIR / "media"

# --- Language and time --------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Security headers ---------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = SERVED_OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SERVED_OVER_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SERVED_OVER_TLS
if environment.flag("BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ("/ops/", "/admin/", "/api/v1/docs/"),
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
# Wagtail's and Django's admin use inline scripts and styles; they get a looser
# policy of their own (portal.middleware.AdminContentPolicyMiddleware).
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [SELF],
    "object-src": [NONE],
    "base-uri": [SELF],
}

# --- API ----------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "people.authentication.TokenAuthentication",
        "people.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["people.permissions.IsKnown"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["people.authentication.PrincipalThrottle"],
    "DEFAULT_THROTTLE_RATES": {"principal": "600/min"},
    "EXCEPTION_HANDLER": "portal.kit.refused_answers.answer_api",
    "DEFAULT_VERSIONING_CLASS": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{VENDOR_NAME} Support API",
    "DESCRIPTION": "Open and follow support tickets, with the promises that count for them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["people.permissions.IsKnown"],
    "PREPROCESSING_HOOKS": ["tickets.api.documented.only_ours"],
    "ENUM_NAME_OVERRIDES": {
        "TicketStatus": "tickets.models.Ticket.Status",
        "ClockStatus": "tickets.models.Clock.Status",
    },
}

# --- Wagtail (the ops pages; the help centre from the kb room) ------------------

WAGTAIL_SITE_NAME = f"{VENDOR_NAME} Support"
WAGTAILADMIN_BASE_URL = BASE_URL
# Wagtail's own login address: people.urls.login_doors stands there, leads strangers to
# the login and does not send people without permission round in a circle.
WAGTAILADMIN_LOGIN_URL = "/ops/login/"
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_BLOCK_EMBEDDED_CONTENT = True
WAGTAILUSERS_PASSWORD_ENABLED = False

# --- Logs ---------------------------------------------------------------------

LOGGING = structured_logging(
    environment.choice("LOG_FORMAT", "json", ("json", "console")),
    environment.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
)
