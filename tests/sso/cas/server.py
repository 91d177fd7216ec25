"""The CAS server of the tests: django-cas-server (CAS Protocol 3.0), configured here and run by itself.

Started as `python server.py '<JSON>'` with {folder, port, service, accounts}; says "ready" when it answers. It
knows nothing of Zhuhang's code: whoever signs on is in `accounts` (name: attributes), with the name as password.
"""
# Django is here only when this runs.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUntypedBaseClass=false
# pyright: reportUnknownArgumentType=false

import json
import sys
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

_TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.messages.context_processors.messages",
        ]
    },
}


class _Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def main(folder: str, port: int, service: str, accounts: dict[str, dict[str, str]]) -> None:
    """Serve until the process is ended. `service` is the pattern of the one service allowed."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="only for tests",  # noqa: S106
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/cas.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "messages")),
            "django.contrib.staticfiles",
            "cas_server",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[_TEMPLATES],
        STATIC_URL="/static/",
        CAS_TICKET_VALIDITY=10,
        CAS_NEW_VERSION_HTML_WARNING=False,
        CAS_NEW_VERSION_EMAIL_WARNING=False,
    )
    django.setup()

    from cas_server.auth import AuthUser
    from cas_server.models import ReplaceAttributName, ServicePattern
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path

    class Account(AuthUser):
        """One of the accounts given."""

        def test_password(self, password: str) -> bool:
            return self.username in accounts and password == self.username

        def attributs(self) -> dict[str, str]:
            return accounts.get(self.username, {})

    settings.CAS_AUTH_CLASS = Account
    settings.ROOT_URLCONF = (path("cas/", include("cas_server.urls", namespace="cas_server")),)
    call_command("migrate", verbosity=0)
    pattern = ServicePattern.objects.create(pattern=service, single_log_out=True)
    ReplaceAttributName.objects.create(name="*", service_pattern=pattern)
    server = make_server("127.0.0.1", port, get_wsgi_application(), handler_class=_Quiet)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
