"""Sign-on with OpenID Connect: authorization code flow with PKCE (RFC 7636), state and nonce.

The provider's word counts only when its ID token is signed by one of its published keys with an asymmetric
algorithm, for this client, for this sign-on (nonce), and has not expired (OpenID Connect Core 1.0 §3.1.3.7).
"""

import warnings
from collections.abc import Awaitable
from typing import cast

import httpx
import structlog
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

from services.sso.addresses import Origins
from services.sso.discovery import Discovery, Metadata, Published
from services.sso.errors import SsoRefused, provider_away
from services.sso.identity import Identity, number_in
from services.sso.pending import Pending
from services.sso.settings import SsoSettings

with warnings.catch_warnings():
    # It would rather have another HTTP library, which does the same.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client


class _Client(AsyncOAuth2Client, httpx.AsyncClient):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Authlib's client, which is an httpx client; only its type stubs do not say so."""


log = structlog.get_logger(__name__)

Claims = dict[str, object]

# Never `none`, nor one where our own secret would be the key.
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
# Seconds by which the provider's clock may differ.
_LEEWAY = 60
# It goes into an address, of which servers take some 8000 characters.
_LONGEST_HINT = 6000


class OidcProvider:
    """The provider of the settings, which must be wholly set."""

    def __init__(self, settings: SsoSettings, redirect_uri: str, secret: str) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._secret = secret
        self._origins = Origins(settings.oidc_issuer)
        self._discovery = Discovery(settings.oidc_issuer, self._origins)

    async def begin(self, pending: Pending) -> str:
        """The provider's page to send the browser to. Raises Unavailable (`identity_provider_unavailable`)."""
        metadata = (await self._discovery.published()).metadata
        client = OAuth2Client(
            None,
            self._settings.oidc_client_id,
            scope=self._settings.oidc_scopes,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=pending.state,
            code_verifier=pending.verifier,
            nonce=pending.nonce,
        )
        return url

    async def finish(self, pending: Pending, code: str, issuer: str | None) -> Identity:
        """Whom the provider vouches for, by the code that the browser brought; `issuer` is the answer's `iss`
        (RFC 9207). Raises SsoRefused, and Unavailable (`identity_provider_unavailable`)."""
        if not code:
            raise _refused("the provider gave no code")
        published = await self._discovery.published()
        expects_issuer = published.metadata.authorization_response_iss_parameter_supported
        if issuer != self._settings.oidc_issuer and (issuer is not None or expects_issuer):
            raise _refused("the answer is another issuer's")
        try:
            async with self._client(published.metadata) as client:
                asked = cast(
                    "Awaitable[Claims]",
                    client.fetch_token(
                        published.metadata.token_endpoint,
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=pending.verifier,
                    ),
                )
                answer = await asked
                id_token = _id_token(answer)
                claims = await self._validated(published, answer, id_token, pending.nonce)
                claims = await self._completed(client, published.metadata, claims)
        except OAuthError as error:
            raise _refused("the provider refused the code", error=str(error.error)) from None
        except JoseError as error:
            raise _refused(
                "the ID token is not valid", kind=type(error).__name__, error=error.error
            ) from None
        except (httpx.HTTPError, ValueError) as error:
            log.warning("the OpenID provider cannot be asked", kind=type(error).__name__)
            raise provider_away() from None
        return self._identity(claims, id_token)

    async def sign_out(self, id_token: str | None, then: str) -> str | None:
        """The provider's page that ends its own session and sends the browser on to `then` (RP-Initiated Logout
        1.0 §2); None where it has none. Without the `id_token` of the sign-on it asks the person first. Raises
        Unavailable (`identity_provider_unavailable`)."""
        page = (await self._discovery.published()).metadata.end_session_endpoint
        if page is None:
            return None
        told = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": then}
        hint = {"id_token_hint": id_token} if id_token else {}
        return str(httpx.URL(page).copy_merge_params(hint | told))

    def _client(self, metadata: Metadata) -> _Client:
        methods = metadata.token_endpoint_auth_methods_supported
        basic = "client_secret_basic" in methods or "client_secret_post" not in methods
        return _Client(
            self._settings.oidc_client_id,
            self._secret,
            "client_secret_basic" if basic else "client_secret_post",
            redirect_uri=self._redirect_uri,
            **self._origins.options(),
        )

    async def _validated(self, published: Published, answer: Claims, id_token: str, nonce: str) -> Claims:
        algorithms = _ALGORITHMS & set(published.metadata.id_token_signing_alg_values_supported)
        try:
            decoded = jwt.decode(id_token, published.keys, algorithms=algorithms)
        except (InvalidKeyIdError, BadSignatureError):
            # The provider may have changed its keys since they were read.
            published = await self._discovery.published(anew=True)
            decoded = jwt.decode(id_token, published.keys, algorithms=algorithms)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self._settings.oidc_issuer},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
            },
            params={
                "nonce": nonce,
                "client_id": self._settings.oidc_client_id,
                "access_token": answer.get("access_token"),
            },
        )
        claims.validate(leeway=_LEEWAY)
        return decoded.claims

    async def _completed(self, client: _Client, metadata: Metadata, claims: Claims) -> Claims:
        """With what the provider tells only at its userinfo endpoint (§5.3)."""
        wanted = (self._settings.oidc_staff_claim, self._settings.oidc_student_claim)
        if metadata.userinfo_endpoint is None or any(name in claims for name in wanted if name):
            return claims
        response = await client.get(metadata.userinfo_endpoint)
        told = response.json() if response.is_success else None
        # §5.3.2: of another subject it must not be used.
        if not isinstance(told, dict) or cast("Claims", told).get("sub") != claims["sub"]:
            raise _refused("the userinfo answer is not usable", status=response.status_code)
        return cast("Claims", told) | claims

    def _identity(self, claims: Claims, id_token: str) -> Identity:
        settings = self._settings
        how = claims.get(settings.oidc_mfa_claim)
        given = cast("list[object]", how) if isinstance(how, list) else [how]
        return Identity(
            staff_no=number_in(claims, settings.oidc_staff_claim),
            student_no=number_in(claims, settings.oidc_student_claim),
            strong=any(value in settings.oidc_mfa_values for value in given),
            id_token=id_token if len(id_token) <= _LONGEST_HINT else None,
        )


def _id_token(answer: Claims) -> str:
    id_token = answer.get("id_token")
    if not isinstance(id_token, str):
        raise _refused("the answer has no ID token")
    return id_token


def _refused(why: str, **facts: object) -> SsoRefused:
    log.warning("an OpenID sign-on was refused", why=why, **facts)
    return SsoRefused()
