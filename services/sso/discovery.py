"""What an OpenID provider publishes about itself (OpenID Connect Discovery 1.0), and its keys."""

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from pydantic import BaseModel, ValidationError

from services.sso.addresses import Origins
from services.sso.errors import provider_away

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 3600.0
# A provider that is away is not asked again by everybody who waits.
_RETRY_SECONDS = 30.0


class Metadata(BaseModel):
    """The parts of a provider's configuration that signing on needs; the names are the standard's."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False

    @property
    def endpoints(self) -> list[str]:
        """Those that are asked from here; the browser alone goes to the others."""
        return [url for url in (self.token_endpoint, self.jwks_uri, self.userinfo_endpoint) if url]


@dataclass(frozen=True)
class Published:
    """Configuration and keys, as read together."""

    metadata: Metadata
    keys: KeySet


class Discovery:
    """Reads what the provider publishes, once an hour; while it is away, what was read last still serves."""

    def __init__(self, issuer: str, origins: Origins) -> None:
        self._issuer = issuer
        self._origins = origins
        self._lock = asyncio.Lock()
        self._last: Published | None = None
        self._good_until = 0.0

    async def published(self, *, anew: bool = False) -> Published:
        """The configuration and keys; `anew` where a key is missing among them. Raises Unavailable
        (`identity_provider_unavailable`)."""
        seen = self._last
        async with self._lock:
            # Whoever waited for the lock takes what the other one read.
            outdated = time.monotonic() >= self._good_until or (anew and self._last is seen)
            if self._last is None or outdated:
                await self._read()
            if self._last is None:
                raise provider_away()
            return self._last

    async def _read(self) -> None:
        try:
            async with httpx.AsyncClient(**self._origins.options()) as http:
                metadata = await self._metadata(http)
                keys = cast("KeySetSerialization", await _json(http, metadata.jwks_uri))
                self._last = Published(metadata, KeySet.import_key_set(keys))
            self._good_until = time.monotonic() + _FRESH_SECONDS
        except (httpx.HTTPError, ValueError, TypeError, KeyError, JoseError) as error:
            log.warning(
                "the OpenID provider cannot be read", kind=type(error).__name__, known=bool(self._last)
            )
            self._good_until = time.monotonic() + _RETRY_SECONDS

    async def _metadata(self, http: httpx.AsyncClient) -> Metadata:
        # The address after the issuer's path, not before it: §4 of the standard, unlike RFC 8414.
        found = await _json(http, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            metadata = Metadata.model_validate(found)
        except ValidationError:
            raise ValueError("the configuration lacks what signing on needs") from None
        if metadata.issuer != self._issuer:
            raise ValueError("the configuration is another issuer's")
        pages = [metadata.authorization_endpoint, metadata.end_session_endpoint]
        self._origins.add(*(url for url in pages if url), *metadata.endpoints)
        return metadata


async def _json(http: httpx.AsyncClient, url: str) -> object:
    response = await http.get(url)
    if response.status_code != HTTPStatus.OK:
        raise ValueError(f"answered {response.status_code}")
    return response.json()
