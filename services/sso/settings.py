"""The settings of the school's own sign-on."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator
from pydantic_settings import BaseSettings

from services.settings_security import SecretFile, Words
from services.sso.addresses import is_secure


def _is_address(value: str) -> str:
    parts = urlsplit(value)
    if value and not (is_secure(value) and not parts.query and not parts.fragment and not parts.username):
        raise ValueError("must be an https:// address without query (http:// only on this machine)")
    return value


Address = Annotated[str, AfterValidator(_is_address)]
Shown = Annotated[str, Field(min_length=1, max_length=60)]


class SsoSettings(BaseSettings):
    """OIDC and CAS. Each is offered once it is wholly set; `gaps` tells what is missing."""

    oidc_issuer: Address = Field(
        default="", description="Issuer of the OpenID Connect provider, exactly as its discovery names it."
    )
    oidc_client_id: str = Field(default="", description="What the provider registered Zhuhang as.")
    oidc_client_secret_file: SecretFile | None = Field(
        default=None, description="File with the client's secret, readable by Zhuhang alone."
    )
    oidc_scopes: str = Field(default="openid profile", description="Scopes asked for, separated by spaces.")
    oidc_staff_claim: str = Field(default="", description="Claim that holds the staff number (工号).")
    oidc_student_claim: str = Field(default="", description="Claim that holds the student number (学号).")
    oidc_mfa_claim: str = Field(
        default="acr", min_length=1, description="Claim that tells how the person was authenticated."
    )
    oidc_mfa_values: Words = Field(
        default_factory=list,
        description="Values of that claim that count as a second factor, separated by spaces; none: a second "
        "factor is always asked for here where the role needs one.",
    )
    oidc_name_zh: Shown = Field(default="统一身份认证", description="Name on the sign-on page, Chinese.")
    oidc_name_en: Shown = Field(
        default="University account", description="Name on the sign-on page, English."
    )

    cas_url: Address = Field(
        default="", description="Address of the CAS server, such as https://cas.example.edu/cas."
    )
    cas_staff_attribute: str = Field(
        default="user",
        description="Attribute that holds the staff number (工号); `user`: the CAS user itself.",
    )
    cas_student_attribute: str = Field(
        default="user",
        description="Attribute that holds the student number (学号); `user`: the CAS user itself.",
    )
    cas_name_zh: Shown = Field(default="统一身份认证", description="Name on the sign-on page, Chinese.")
    cas_name_en: Shown = Field(default="University account", description="Name on the sign-on page, English.")

    @field_validator("oidc_scopes")
    @classmethod
    def _has_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value

    @property
    def oidc_gaps(self) -> list[str]:
        """The variables that OIDC still lacks; empty where it is wholly set, or not at all."""
        given = {
            "ZHUHANG_OIDC_ISSUER": self.oidc_issuer,
            "ZHUHANG_OIDC_CLIENT_ID": self.oidc_client_id,
            "ZHUHANG_OIDC_CLIENT_SECRET_FILE": self.oidc_client_secret_file,
            "ZHUHANG_OIDC_STAFF_CLAIM or ZHUHANG_OIDC_STUDENT_CLAIM": self.oidc_staff_claim
            or self.oidc_student_claim,
        }
        return [name for name, value in given.items() if not value] if any(given.values()) else []

    @property
    def cas_gaps(self) -> list[str]:
        """The same of CAS."""
        mapped = self.cas_staff_attribute or self.cas_student_attribute
        missing = "ZHUHANG_CAS_STAFF_ATTRIBUTE or ZHUHANG_CAS_STUDENT_ATTRIBUTE"
        return [missing] if self.cas_url and not mapped else []
