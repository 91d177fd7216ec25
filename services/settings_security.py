"""The settings that decide how safely an installation stands; see docs/security.md."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

import limits
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode


def _words(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _networks(values: list[str]) -> list[str]:
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ValueError(f"{value} is no address or network such as 10.0.0.0/8") from None
    return values


def _hosts(values: list[str]) -> list[str]:
    return [value.lower().strip("[]") for value in values]


def _rate(value: str) -> str:
    try:
        limits.parse(value)
    except ValueError:
        raise ValueError("must be a number per unit, such as 20/minute or 100/2 hours") from None
    return value


def _readable(path: Path) -> Path:
    found = path.expanduser().absolute()
    try:
        found.read_bytes()
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from None
    return found


def secret_in(path: Path) -> str:
    """The secret that a file holds, without the line end that editors add."""
    return path.read_text(encoding="utf-8").strip()


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]
Networks = Annotated[Words, AfterValidator(_networks)]
Hosts = Annotated[Words, AfterValidator(_hosts)]
Rate = Annotated[str, AfterValidator(_rate)]
SecretFile = Annotated[Path, AfterValidator(_readable)]


class SecuritySettings(BaseSettings):
    """Part of `services.settings.Settings`. Lists are separated by spaces or commas."""

    mode: Literal["demo", "production"] = Field(
        default="demo",
        description="`production` refuses to start while something about the installation is weak; "
        "`demo` is for a trial on this machine.",
    )

    allowed_hosts: Hosts = Field(
        default_factory=list,
        description="Names under which people reach the API, beside this machine's own and that of "
        "ZHUHANG_PUBLIC_URL. Requests for another host are refused.",
    )
    trusted_proxies: Networks = Field(
        default_factory=list,
        description="Addresses or networks of the reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto count.",
    )

    receive_seconds: float = Field(
        default=30, gt=0, le=600, description="Seconds that a request's body may stop arriving for."
    )

    rate_limit_storage: str = Field(
        default="async+memory://",
        description="Where requests are counted: in this process, or for several of them in one store, as a URI "
        "of the `limits` library such as async+redis://host:6379.",
    )
    rate_address: Rate = Field(default="3000/minute", description="Requests from one network address.")
    rate_account: Rate = Field(default="1200/minute", description="Requests of one account.")
    rate_sign_on_address: Rate = Field(
        default="100/minute", description="Sign-on attempts from one address, behind which a campus may be."
    )
    rate_sign_on_account: Rate = Field(
        default="10/minute", description="Sign-on attempts for one account name."
    )
    rate_unmask: Rate = Field(default="60/hour", description="Fields unmasked by one account.")
    rate_break_glass: Rate = Field(default="5/day", description="Emergency accesses of one account.")
    rate_export: Rate = Field(default="20/hour", description="Exports by one account.")
    rate_paper: Rate = Field(default="120/hour", description="Single files printed by one account.")
    rate_import: Rate = Field(default="60/hour", description="Imports by one account.")
    rate_upload: Rate = Field(default="300/hour", description="Attachments added by one account.")

    temporal_tls: bool = Field(
        default=False, description="Reach Temporal over TLS; implied by each of the files below."
    )
    temporal_tls_ca_file: SecretFile | None = Field(
        default=None, description="Certificates that the server's is checked by; default: the system's."
    )
    temporal_tls_cert_file: SecretFile | None = Field(
        default=None, description="Certificate with which Zhuhang shows itself to Temporal (mTLS)."
    )
    temporal_tls_key_file: SecretFile | None = Field(
        default=None, validate_default=True, description="Its private key."
    )
    temporal_tls_server_name: str | None = Field(
        default=None, description="Name in the server's certificate where it is not the address's."
    )
    temporal_api_key_file: SecretFile | None = Field(
        default=None, description="File with the API key for Temporal."
    )

    database_password_file: SecretFile | None = Field(
        default=None, description="File with the password for ZHUHANG_DATABASE_URL, which then holds none."
    )
    key_database_password_file: SecretFile | None = Field(
        default=None, description="The same for ZHUHANG_KEY_DATABASE_URL."
    )
    notify_urls_file: SecretFile | None = Field(
        default=None, description="File with the channels of ZHUHANG_NOTIFY_URLS, which then is empty."
    )
    notify_schemes: Words = Field(
        default=["mailto", "mailtos", "jsons", "wecombot", "dingtalk", "feishu", "lark"],
        description="Kinds of Apprise channels that a person's own channel may be of.",
    )
    notify_hosts: Hosts = Field(
        default_factory=list,
        description="Hosts that people's own channels may be at: a name, `*.example.edu.cn`, or an address or "
        "network for what is inside one's own. Others are refused; WeCom, DingTalk and Feishu are known.",
    )

    @property
    def temporal_over_tls(self) -> bool:
        """Whether Temporal is reached over TLS."""
        files = (self.temporal_tls_ca_file, self.temporal_tls_cert_file, self.temporal_api_key_file)
        return self.temporal_tls or any(files)

    @field_validator("temporal_tls_key_file")
    @classmethod
    def _with_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("temporal_tls_cert_file") is None):
            raise ValueError(
                "certificate and key go together: set both ZHUHANG_TEMPORAL_TLS_CERT_FILE and _KEY_FILE"
            )
        return value
