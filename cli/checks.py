"""What must hold before anything is started; each failure is one sentence."""

import errno
import re
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from services.errors import Unavailable
from services.move.marks import refuse_moving
from services.policies import load_policies
from services.policy_source import PolicyError
from services.settings import Settings, SetupError
from services.vault import Vault
from services.weaknesses import refuse_weak

LEAST_FREE_MB = 500


def check_policies(settings: Settings) -> None:
    """Read the service standards before anything is started. Raises `SetupError` `policy_invalid`."""
    try:
        load_policies(settings.policy)
    except PolicyError as error:
        raise SetupError(
            "policy_invalid", f"服务标准文件有误:{error}", f"The service standards have an error: {error}"
        ) from None


def check_data_dir(data_dir: Path, variable: str = "ZHUHANG_DATA_DIR") -> int:
    """Make the data folder, which `variable` names, where it is missing; the free space there in MB.

    Raises `SetupError` `data_dir_not_writable` or `disk_full`.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=data_dir) as trial:
            trial.write(bytes(4096))
    except OSError as error:
        raise SetupError(
            "data_dir_not_writable",
            f"无法写入数据目录 {data_dir}({error.strerror}):请检查权限和磁盘,或用 {variable} 换一个目录。",
            f"The data folder {data_dir} cannot be written ({error.strerror}): check its permissions and the "
            f"disk, or name another one in {variable}.",
        ) from None
    free = shutil.disk_usage(data_dir).free >> 20
    if free < LEAST_FREE_MB:
        raise SetupError(
            "disk_full",
            f"数据目录 {data_dir} 所在磁盘只剩 {free} MB,至少需要 {LEAST_FREE_MB} MB。",
            f"Only {free} MB are free on the disk of the data folder {data_dir}; "
            f"at least {LEAST_FREE_MB} MB are needed.",
        )
    return free


def ports_of(settings: Settings) -> dict[str, tuple[str, int]]:
    """The addresses that `zhuhang up` listens on, by the variable that moves each."""
    ports = {"ZHUHANG_HTTP_PORT": (settings.http_host, settings.http_port)}
    if settings.temporal_address is None:
        ports["ZHUHANG_TEMPORAL_PORT"] = ("127.0.0.1", settings.temporal_port)
        ports["ZHUHANG_TEMPORAL_UI_PORT"] = ("127.0.0.1", settings.temporal_ui_port)
    return ports | api_metrics_port(settings) | worker_metrics_ports(settings)


def api_metrics_port(settings: Settings) -> dict[str, tuple[str, int]]:
    """The address at which an API process tells its metrics, if any."""
    return _given({"ZHUHANG_API_METRICS_PORT": (settings.metrics_host, settings.api_metrics_port)})


def worker_metrics_ports(settings: Settings) -> dict[str, tuple[str, int]]:
    """The addresses at which a worker tells its own metrics and those of the Temporal SDK, if any."""
    host = settings.metrics_host
    return _given(
        {
            "ZHUHANG_WORKER_METRICS_PORT": (host, settings.worker_metrics_port),
            "ZHUHANG_TEMPORAL_METRICS_PORT": (host, settings.temporal_metrics_port),
        }
    )


def _given(ports: dict[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    return {variable: address for variable, address in ports.items() if address[1]}


def check_ports(ports: dict[str, tuple[str, int]]) -> None:
    """Raises `SetupError` for the first of these that cannot be listened on; see `check_port`."""
    for variable, (host, port) in ports.items():
        check_port(host, port, variable)


def check_port(host: str, port: int, variable: str) -> None:
    """Raises `SetupError` `port_in_use` or `host_not_ours` when the address cannot be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except socket.gaierror:
        raise _not_ours(host, variable) from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise _not_ours(host, variable) from None
        raise SetupError(
            "port_in_use",
            f"端口 {port} 不可用(多半已被占用):请停止占用它的程序,或用 {variable} 换一个端口。",
            f"Port {port} is not available, most likely in use: stop the program that uses it, or set "
            f"{variable} to another port.",
        ) from None


def _not_ours(host: str, port_variable: str) -> SetupError:
    variable = "ZHUHANG_METRICS_HOST" if port_variable.endswith("METRICS_PORT") else "ZHUHANG_HTTP_HOST"
    return SetupError(
        "host_not_ours",
        f"{host} 不是本机地址:请修改 {variable}。",
        f"{host} is not an address of this machine: change {variable}.",
    )


def check_safe(settings: Settings) -> None:
    """Raises `SetupError` `not_safe_for_production`, `data_moved`, `move_unfinished`, `database_unusable` where the
    database must be asked, or what `check_keys` does, but for a key store that is away."""
    refuse_moving(settings.data_dir)
    refuse_weak(settings, with_data=False)
    try:
        refuse_weak(settings, with_data=True)
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None
    with suppress(Unavailable):  # the parts wait for it
        check_keys(settings)


def check_keys(settings: Settings) -> bool:
    """Whether the installation has its own secret, which the master keys open; nothing is made.

    Raises `SetupError` `master_keys_invalid`, `master_keys_unreadable`, `master_key_unknown`, `master_key_wrong`, and
    `Unavailable` (`keys_unavailable`).
    """
    vault = Vault.of(settings)
    try:
        if vault.proved():
            return True
        if settings.master_keys is not None or settings.master_keys_file is not None:
            vault.masters.current()
        return False
    finally:
        vault.store.close()


def database_away(settings: Settings, error: SQLAlchemyError) -> SetupError:
    """That the database cannot be used, without its password."""
    shown = re.sub(r"://[^@/]*@", "://***@", settings.database_url)
    reason = str(error.__cause__ or error).splitlines()[0]
    return SetupError(
        "database_unusable",
        f"无法使用数据库 {shown}({reason}):请检查 ZHUHANG_DATABASE_URL 以及数据库是否在运行。",
        f"The database {shown} cannot be used ({reason}): check ZHUHANG_DATABASE_URL and that it runs.",
    )
