"""Settings of every machine, in sections that follow the line.

Values that differ between machines come from the environment (newsroom/env.py) and are
documented in .env.example.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from newsroom import broker, clocks, env, local, logging, secret

# --- Where things are ------------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.data_dir(BASE_DIR)
CORPORA_DIR = env.path("CORPORA_DIR", BASE_DIR.parent / "shared")  # labelled data, for benches and replay

# --- What this site is -----------------------------------------------------------------------
VERSION = "0.1.0"
SITE_NAME = env.text("SITE_NAME", "Newsroom")
PORT = env.integer("PORT", 8000, low=1, high=65535)
BIND = env.text("BIND", "127.0.0.1")
SITE_URL = env.site("SITE_URL", f"http://localhost:{PORT}")
CONTACT = env.text("CONTACT") or secret.contact(DATA_DIR)  # an address or page; goes into the User-Agent
SAMPLE_DATA = env.flag("SAMPLE_DATA")  # pages then say that what they show is invented
DEBUG = env.flag("DEBUG")
METRICS_TOKEN = env.token("METRICS_TOKEN", low=16)  # who sends it as a bearer token may read /metrics
SECRET_KEY = secret.key(env.token("SECRET_KEY", low=32), DATA_DIR)
SECRET_KEY_FALLBACKS = env.tokens("SECRET_KEY_FALLBACKS", low=32)

# --- The clock -------------------------------------------------------------------------------
CLOCK = env.text("CLOCK")
TICK_SECONDS = clocks.tick_seconds(CLOCK)  # how often the line is nudged
USE_TZ = True
TIME_ZONE = "UTC"

# --- Sources ---------------------------------------------------------------------------------
SOURCES = env.text("SOURCES")  # an OPML file or address, loaded as approved instead of the starter list

# --- Fetching --------------------------------------------------------------------------------
FETCH_ALLOW = env.networks("FETCH_ALLOW")  # networks that the address guard lets through
FETCH_CONCURRENCY = env.integer("FETCH_CONCURRENCY", 64, low=1, high=500)  # requests at once, a worker
FETCH_CONNECT_SECONDS = env.seconds("FETCH_CONNECT_SECONDS", 5.0, low=0.1)
WEBSUB = env.flag("WEBSUB")  # ask hubs to tell of news; they must be able to reach SITE_URL
FETCH_TOTAL_SECONDS = env.seconds("FETCH_TOTAL_SECONDS", 20.0, low=0.1)  # a slow drip ends here too
FETCH_FEED_BYTES = env.integer("FETCH_FEED_BYTES", 10_000_000, low=1000)  # after decompression
FETCH_PAGE_BYTES = env.integer("FETCH_PAGE_BYTES", 5_000_000, low=1000)
FETCH_REDIRECTS = env.integer("FETCH_REDIRECTS", 8, low=0, high=20)
HOST_GAP = env.seconds("HOST_GAP", 1.0)  # seconds between two requests to one host
PARSE_SECONDS = env.seconds("PARSE_SECONDS", 5.0, low=0.1)  # CPU seconds of the parser's process
EXTRACT_SECONDS = env.seconds("EXTRACT_SECONDS", 5.0, low=0.1)  # CPU seconds for one page
PARSE_MAX_BYTES = env.integer("PARSE_MAX_BYTES", 512_000_000, low=100_000_000)  # its memory
PROXY = env.proxy("PROXY")  # http://host:port for outgoing requests
USER_AGENT = (
    f"Newsroom/{VERSION} ({f'+{CONTACT}' if CONTACT else 'self-hosted news reader, no contact given'})"
)

# --- Rows ------------------------------------------------------------------------------------
EMBEDDED_POSTGRES = not env.text("DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "newsroom.database",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **(env.database("DATABASE_URL") or local.database_settings(DATA_DIR)),
    }
}
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 10)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Nudges ----------------------------------------------------------------------------------
EMBEDDED_REDIS = not env.text("REDIS_URL")
REDIS_URL = env.redis("REDIS_URL") or local.redis_url(DATA_DIR)
CELERY_BROKER_URL = broker.celery_address(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker.TRANSPORT
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
}
PAGE_CACHE_SECONDS = env.integer("PAGE_CACHE_SECONDS", 60, high=3600)  # 0: every page is made anew
LOOK_SECONDS = 1.0  # how often a web process asks what has changed

# --- Apps and requests -----------------------------------------------------------------------
INSTALLED_APPS = [
    "newsroom",
    "aggregator",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "csp",
    "ninja",
]
MIDDLEWARE = [
    "newsroom.requests.ReaderAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "newsroom.requests.Headers",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "aggregator.middleware.ReaderLanguage",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"

# --- Pages -----------------------------------------------------------------------------------
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
                "newsroom.context.site",
            ],
        },
    }
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "newsroom.staticfiles.Storage"},
}
WHITENOISE_USE_FINDERS = True

# --- Safety ----------------------------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]  # health checks ask from inside
ALLOWED_HOSTS = [*LOCAL_HOSTS, *env.hosts("ALLOWED_HOSTS"), *filter(None, [urlsplit(SITE_URL).hostname])]
CSRF_TRUSTED_ORIGINS = [SITE_URL] if HTTPS else []
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
PROXIES = env.integer("BEHIND_PROXY", 0, low=0, high=5)  # web servers in front, each of which is trusted
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
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
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
}

# How often one address may do what costs us or others: (times, seconds); 0 is no limit.
LIMITS = {
    "search": (env.integer("SEARCH_PER_MINUTE", 60), 60),
    "api": (env.integer("API_PER_MINUTE", 120), 60),
    "report": (env.integer("REPORTS_PER_HOUR", 6), 3600),
    "digest": (env.integer("DIGESTS_PER_HOUR", 10), 3600),  # each costs somebody a mail
    "sign_up": (env.integer("SIGN_UPS_PER_HOUR", 5), 3600),
    "sign_in": (env.integer("SIGN_INS_PER_HOUR", 30), 3600),  # whatever name is tried
}

# --- Readers' accounts -----------------------------------------------------------------------
SIGN_UP = env.flag("SIGN_UP")  # otherwise an admin makes them at the desk

# --- The desk --------------------------------------------------------------------------------
LOGIN_URL = "admin:login"
LOG_NAMES = env.flag("LOG_NAMES")  # the public log names people; otherwise their roles
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "UserAttributeSimilarityValidator")
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- Mail ------------------------------------------------------------------------------------
MAIL_HOST = env.text("MAIL_HOST")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_HOST else 'console'}.EmailBackend"
EMAIL_HOST = MAIL_HOST or "localhost"
EMAIL_PORT = env.integer("MAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD")
MAIL_SECURITY = env.choice("MAIL_SECURITY", "starttls", ["starttls", "tls", "none"])
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SECURITY == "starttls", MAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.sender("MAIL_FROM", f"{SITE_NAME} <newsroom@localhost>")

# --- Logs ------------------------------------------------------------------------------------
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = logging.settings(
    level=env.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
    shape=env.choice("LOG_SHAPE", "lines", ["lines", "json"]),
    secrets=[
        urlsplit(PROXY).password or "",
        *(SECRET_KEY, *SECRET_KEY_FALLBACKS, METRICS_TOKEN, EMAIL_HOST_PASSWORD),
        *(
            DATABASES["default"]["PASSWORD"],
            unquote(urlsplit(REDIS_URL).password or ""),
            REDIS_URL if "@" in REDIS_URL else "",
        ),
    ],
)
