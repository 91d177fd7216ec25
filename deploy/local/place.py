"""Where the parts of a cluster on one machine keep what they keep, and what they listen on."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from deploy.local.certificates import SERVER_NAME
from deploy.local.postgresql import url_of
from deploy.local.temporal_config import SERVICES, Certificates
from services.settings import SetupError

LEDGER, KEYS = "zhuhang", "zhuhang_keys"
WORKERS = APIS = 2
_LAST = 21
_TEMPORAL, _TEMPORAL_PORTS = 10, 8
# Temporal keeps the ports of its services in a column of two bytes.
HIGHEST_PORT = 2**15 - 1 - (_TEMPORAL + _TEMPORAL_PORTS - 1)


@dataclass(frozen=True)
class ClusterPlace:
    """A folder, and `port` of the reverse proxy, after which 21 more are used."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        """The product's own data folder, which all workers and APIs share."""
        return self.folder / "data"

    @property
    def postgresql_data(self) -> Path:
        """What PostgreSQL keeps; absent until the first start."""
        return self.folder / "postgresql"

    @property
    def certificates(self) -> Path:
        """The authority and the certificates that it signed."""
        return self.folder / "certificates"

    @property
    def secrets(self) -> Path:
        """Files with a secret each."""
        return self.folder / "secrets"

    @property
    def database_password(self) -> Path:
        """The file with the password of PostgreSQL."""
        return self.secrets / "database-password"

    @property
    def logs(self) -> Path:
        """What the parts print."""
        return self.folder / "logs"

    @property
    def ports(self) -> range:
        """All ports that the parts listen on."""
        return range(self.port, self.port + _LAST + 1)

    @property
    def apis(self) -> list[int]:
        """Ports of the API processes."""
        return [self.port + number for number in range(1, APIS + 1)]

    @property
    def postgresql(self) -> int:
        """Port of PostgreSQL."""
        return self.port + 3

    @property
    def temporal(self) -> int:
        """Port of Temporal's frontend, the first of eight."""
        return self.port + _TEMPORAL

    @property
    def temporal_metrics(self) -> dict[str, int]:
        """Where each of Temporal's services tells its metrics."""
        return {name: self.port + 18 + number for number, name in enumerate(SERVICES)}

    @property
    def temporal_certificates(self) -> Certificates:
        """What Temporal's services show each other and those who ask them."""
        return Certificates(
            ca=self.certificates / "ca.crt",
            certificate=self.certificates / f"{SERVER_NAME}.crt",
            key=self.certificates / f"{SERVER_NAME}.key",
            name=SERVER_NAME,
        )

    def make_secrets(self) -> None:
        """The password of PostgreSQL and the first master key, where there is no installation yet.

        Raises `SetupError` `secret_missing` where there is one that has lost a secret: another one would open nothing.
        """
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        for file, made in (
            (self.database_password, secrets.token_urlsafe(32)),
            (self.master_keys, f"1:{base64.b64encode(os.urandom(32)).decode()}"),
        ):
            if file.exists():
                continue
            if self.postgresql_data.exists():
                raise _missing(file)
            fresh = file.with_suffix(".new")
            fresh.touch(mode=0o600)
            with fresh.open("w") as writing:
                writing.write(f"{made}\n")
                writing.flush()
                os.fsync(writing.fileno())
            fresh.replace(file)

    def environment(self) -> dict[str, str]:
        """The settings with which the command line reaches the installation, and its parts each other."""
        return {
            "ZHUHANG_DATA_DIR": str(self.data),
            "ZHUHANG_DATABASE_URL": url_of(self.postgresql, LEDGER),
            "ZHUHANG_DATABASE_PASSWORD_FILE": str(self.database_password),
            "ZHUHANG_KEY_DATABASE_URL": url_of(self.postgresql, KEYS),
            "ZHUHANG_KEY_DATABASE_PASSWORD_FILE": str(self.database_password),
            "ZHUHANG_MASTER_KEYS_FILE": str(self.master_keys),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.temporal}",
            "ZHUHANG_TEMPORAL_TLS_CA_FILE": str(self.certificates / "ca.crt"),
            "ZHUHANG_TEMPORAL_TLS_CERT_FILE": str(self.certificates / "zhuhang.crt"),
            "ZHUHANG_TEMPORAL_TLS_KEY_FILE": str(self.certificates / "zhuhang.key"),
            "ZHUHANG_TEMPORAL_TLS_SERVER_NAME": SERVER_NAME,
            "ZHUHANG_HTTP_HOST": "127.0.0.1",
            "ZHUHANG_HTTP_PORT": str(self.port),
            "ZHUHANG_TRUSTED_PROXIES": "127.0.0.1",
        }

    def worker_environment(self, number: int) -> dict[str, str]:
        """What is different in a worker, counted from 0: where it tells its metrics, and those of Temporal's SDK."""
        return {
            "ZHUHANG_WORKER_METRICS_PORT": str(self.port + 6 + number),
            "ZHUHANG_TEMPORAL_METRICS_PORT": str(self.port + 8 + number),
        }

    def api_environment(self, number: int, public_url: str) -> dict[str, str]:
        """What is different in an API process, counted from 0: its own port behind the proxy, whose address it would
        otherwise take for the public one, and its metrics'."""
        return {
            "ZHUHANG_PUBLIC_URL": public_url,
            "ZHUHANG_HTTP_PORT": str(self.apis[number]),
            "ZHUHANG_API_METRICS_PORT": str(self.port + 4 + number),
        }

    @property
    def master_keys(self) -> Path:
        """The file with the ring of master keys."""
        return self.secrets / "master-keys"


def _missing(file: Path) -> SetupError:
    return SetupError(
        "secret_missing",
        f"集群已有数据,但缺少 {file}:请从保管处取回该文件(不会另造,新造的打不开已有数据)。",
        f"The cluster has data, but {file} is missing: bring the file back from where it is kept; none is made, since "
        "another one would not open the data.",
    )
