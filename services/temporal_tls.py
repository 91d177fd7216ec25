"""How Temporal is reached: in plaintext on this machine, over TLS elsewhere."""

from typing import TypedDict

from temporalio.service import TLSConfig

from services.settings import Settings
from services.settings_security import secret_in


class Security(TypedDict):
    """What `temporalio.client.Client.connect` takes beside address and namespace."""

    tls: bool | TLSConfig
    api_key: str | None


def temporal_security(settings: Settings) -> Security:
    """TLS with the files of the settings, and the API key, which goes over TLS only."""
    key_file = settings.temporal_api_key_file
    return Security(tls=_tls(settings), api_key=None if key_file is None else secret_in(key_file))


def _tls(settings: Settings) -> bool | TLSConfig:
    if not settings.temporal_over_tls:
        return False
    ca, certificate, key = (
        None if path is None else path.read_bytes()
        for path in (
            settings.temporal_tls_ca_file,
            settings.temporal_tls_cert_file,
            settings.temporal_tls_key_file,
        )
    )
    return TLSConfig(
        server_root_ca_cert=ca,
        domain=settings.temporal_tls_server_name,
        client_cert=certificate,
        client_private_key=key,
    )
