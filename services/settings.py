"""Every setting of Zhuhang: one class, filled from environment variables.

A variable is the field's name in capitals with the prefix `ZHUHANG_`, but for `TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`, `DEMO` and `OTEL_EXPORTER_OTLP_ENDPOINT`. An empty variable counts as not set.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from services.ciphers import Algorithm
from services.policies import packaged_policies
from services.settings_export import ExportSettings
from services.settings_observability import ObservabilitySettings
from services.settings_security import SecretFile, SecuritySettings, secret_in
from services.settings_worker import WorkerSettings
from services.sign_on.settings import SignOnSettings
from services.sso.settings import SsoSettings

Port = Annotated[int, Field(ge=1, le=65535)]

# Values that may carry a password: an error message names the variable only.
SECRET_FIELDS = frozenset(
    {"database_url", "key_database_url", "master_keys", "notify_urls", "rate_limit_storage"}
)


class SetupError(Exception):
    """Something about the machine or its settings keeps Zhuhang from working.

    `code` is stable; `zh` and `en` are one sentence each, saying what is wrong and what to do.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en} [{code}]")
        self.code = code
        self.zh = zh
        self.en = en


class Settings(
    SecuritySettings, SignOnSettings, SsoSettings, ExportSettings, ObservabilitySettings, WorkerSettings
):
    """What may be set, with its default. Paths are made absolute."""

    model_config = SettingsConfigDict(
        env_prefix="ZHUHANG_", env_ignore_empty=True, populate_by_name=True, extra="forbid"
    )

    data_dir: Path = Field(
        default=Path(".zhuhang"),
        description="Folder of everything that is kept: databases, uploaded files, logs of the parts.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL of the ledger; default: a SQLite file in the data folder."
    )
    key_database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the key store, never the ledger's own database; default: a SQLite file in the "
        "folder `keys` of the data folder.",
    )
    master_keys: SecretStr | None = Field(
        default=None,
        description="Master keys, `id:key` separated by blanks, each key 32 bytes in base64; the last one wraps. "
        "Absent: they are in a file.",
    )
    master_keys_file: SecretFile | None = Field(
        default=None,
        description="File with the master keys that others keep, such as a mounted secret; absent: "
        "`keys/master.key` in the data folder, which the first start makes.",
    )
    cipher: Algorithm = Field(
        default=Algorithm.AES_256_GCM,
        description="What seals from now on: `aes-256-gcm`, or `sm4-gcm` where national algorithms are required. What "
        "was sealed with the other one stays readable.",
    )
    http_host: str = Field(default="127.0.0.1", min_length=1, description="Address on which the API listens.")
    http_port: Port = Field(default=8000, description="Port of the API.")
    public_url: str = Field(
        default="",
        description="Address under which people reach the product; goes into messages as the link.",
    )

    temporal_address: str | None = Field(
        default=None,
        validation_alias=AliasChoices("TEMPORAL_ADDRESS", "temporal_address"),
        description="host:port of a Temporal server to use; absent: one is started beside Zhuhang.",
    )
    temporal_namespace: str = Field(
        default="default",
        min_length=1,
        validation_alias=AliasChoices("TEMPORAL_NAMESPACE", "temporal_namespace"),
        description="Temporal namespace of the cases.",
    )
    temporal_retention_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="Days for which Temporal keeps the history of what has ended; `zhuhang setup` tells it. What a "
        "case was stays in the ledger.",
    )
    temporal_port: Port = Field(
        default=7233, description="Port of the Temporal server that Zhuhang starts itself."
    )
    temporal_ui_port: int = Field(
        default=0, ge=0, le=65535, description="Port of that server's web pages; 0: 1000 above its own."
    )
    temporal_ui_url: str = Field(
        default="",
        description="Address of Temporal's web pages, whose codec is `/api/v1/codec`; needed only for a server that "
        "Zhuhang does not start itself.",
    )
    task_queue: str = Field(default="zhuhang", min_length=1, description="Temporal task queue of the worker.")

    policy: Path | None = Field(
        default=None,
        description="Service standards to use: a file, a folder of files, or the name of a built-in one, such as "
        "`national` (the default) or `seconds` for trials.",
    )
    province: str = Field(
        default="*", description="Province whose service standards apply; `*`: the general ones."
    )
    school_code: str = Field(default="99999", pattern=r"^\d{5}$", description="The school's five-digit code.")
    school_name: str = Field(default="助航示范学院", min_length=1, description="The school's name.")
    demo: bool = Field(
        default=True,
        validation_alias=AliasChoices("DEMO", "ZHUHANG_DEMO", "demo"),
        description="Load the sample school when the ledger is empty.",
    )
    allow_test_identities: bool = Field(
        default=True,
        description="Accept impossible ID numbers (region 000000, impossible birth dates) and phones; "
        "a real school sets this to false.",
    )
    max_upload_mb: int = Field(
        default=50, ge=1, le=1024, description="Largest file taken by an import, in MB."
    )

    max_attachment_mb: int = Field(
        default=20, ge=1, le=1024, description="Largest file attached to a case, in MB."
    )
    max_attachments: int = Field(default=100, ge=1, le=10_000, description="Most files attached to one case.")

    import_rows_days: int = Field(
        default=30,
        ge=1,
        le=366,
        description="Days after the end of an import for which the rows that it refused can be fetched and mended.",
    )
    batch_days: int = Field(
        default=30,
        ge=1,
        le=366,
        description="Days after the end of a batch for which it can be seen what became of it in each case.",
    )
    key_backup_days: int = Field(
        default=35,
        ge=0,
        le=3660,
        description="Days for which backups of the key store are kept: so long one could bring back the key of an "
        "erased file, and certificates of erasure say so.",
    )

    break_glass_hours: int = Field(
        default=4, ge=1, le=72, description="Hours for which a file opened in an emergency can be read."
    )
    delegation_max_days: int = Field(
        default=92,
        ge=1,
        le=366,
        description="Days for which a colleague may stand in for a mentor at the most.",
    )
    smallest_count: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Least number of graduates that the province is told; smaller ones could point at a person.",
    )

    notify_urls: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Apprise URL templates of the channels for messages, separated by spaces; `{email}` and "
        "`{staff_id}` stand for the person's. One without either is the career centre's own room.",
    )
    delivery_attempts: int = Field(
        default=6, ge=1, le=20, description="Tries of a message until it is given up."
    )
    delivery_at_once: int = Field(
        default=4, ge=1, le=50, description="Most messages that a worker hands over at one time."
    )
    delivery_retry_seconds: int = Field(
        default=30, ge=1, le=3600, description="Seconds before the second try; each further wait is doubled."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Form of log lines.")

    @field_validator("notify_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: object) -> object:
        # By blanks, not commas: a comma may be part of an Apprise URL.
        return value.split() if isinstance(value, str) else value

    @field_validator("database_url", "key_database_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        try:
            make_url(value or "sqlite://")
        except (ArgumentError, ValueError):
            raise ValueError("must be a URL such as postgresql+psycopg://user@host/database") from None
        return value

    @field_validator("temporal_address")
    @classmethod
    def _is_host_and_port(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError("must be host:port, for example temporal.example.edu:7233")
        return value

    @field_validator("policy")
    @classmethod
    def _exists(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        found = packaged_policies().get(str(value), value.expanduser())
        if not found.exists():
            raise ValueError("no such file or folder, nor a built-in one: " + ", ".join(packaged_policies()))
        return found.absolute()

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.data_dir = self.data_dir.expanduser().absolute()
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'zhuhang.db'}"
        if self.database_password_file is not None:
            self.database_url = _with_password(self.database_url, self.database_password_file)
        if self.notify_urls_file is not None:
            self.notify_urls = [*self.notify_urls, *secret_in(self.notify_urls_file).split()]
        self.key_database_url = (
            self.key_database_url or f"sqlite:///{self.data_dir / 'keys' / 'case-keys.db'}"
        )
        if self.key_database_password_file is not None:
            self.key_database_url = _with_password(self.key_database_url, self.key_database_password_file)
        # Beyond the last port, the space below is as good.
        above = self.temporal_port + 1000
        self.temporal_ui_port = self.temporal_ui_port or (
            above if above < 65536 else self.temporal_port - 1000
        )
        self.public_url = (self.public_url or self.base_url).rstrip("/")
        return self

    @property
    def temporal_target(self) -> str:
        """host:port of the Temporal server in use, whether given or started beside Zhuhang."""
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def temporal_ui_origins(self) -> list[str]:
        """Addresses of the only pages of others that may ask, and nothing but the codec."""
        if self.temporal_ui_url:
            return [self.temporal_ui_url.rstrip("/")]
        own = self.temporal_address is None
        return [f"http://{host}:{self.temporal_ui_port}" for host in ("127.0.0.1", "localhost") if own]

    @property
    def base_url(self) -> str:
        """Address of the API as seen from this machine."""
        host = "127.0.0.1" if self.http_host in {"0.0.0.0", "::"} else self.http_host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.http_port}"


def _with_password(url: str, file: Path) -> str:
    return make_url(url).set(password=secret_in(file)).render_as_string(hide_password=False)


def load_settings() -> Settings:
    """The settings of this process's environment.

    Raises `SetupError` `setting_invalid`, naming the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise _explain(error.errors()[0]) from None


def _explain(error: ErrorDetails) -> SetupError:
    location = str(error["loc"][0])
    field = location.lower()
    variable = location if location.isupper() else f"ZHUHANG_{location.upper()}"
    shown = "" if field in SECRET_FIELDS else f" {str(error['input'])!r}"
    reason = error["msg"].removeprefix("Value error, ")
    return SetupError(
        "setting_invalid",
        f"环境变量 {variable} 的值{shown} 无效({reason})。",
        f"The value{shown} of {variable} is not valid: {reason}.",
    )
