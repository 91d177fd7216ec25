"""What is weak about an installation: told by `zhuhang doctor`, and in production a reason not to start."""

import ipaddress
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func, make_url
from sqlmodel import Session, col, select

from models.case.kernel import Role
from models.tables import Staff
from models.tables.accounts import Account
from services.database import create_engine_from
from services.demo import sample_school
from services.master_keys import has_guessable_key
from services.settings import Settings, SetupError

_TRIAL_SCHOOL = "99999"
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Who decides about many files, or about accounts.
_TWO_FACTORS = frozenset({Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR, Role.ADMINISTRATOR})
# OWASP's least for argon2id.
_LEAST_HASH_MB = 19


@dataclass(frozen=True)
class Weakness:
    """`zh` and `en` say what is weak and what to do, each in a few words. `grave`: production must not start."""

    code: str
    zh: str
    en: str
    grave: bool = True


def weak_settings(settings: Settings) -> list[Weakness]:
    """What is weak about the settings and the files, without asking the database."""
    return [
        *_for_trials(settings),
        *_master_keys(settings),
        *_sign_on(settings),
        *_network(settings),
        *_channels(settings),
        *_files(settings),
    ]


def weak_data(settings: Settings) -> list[Weakness]:
    """What is weak about what the database holds. Raises `sqlalchemy.exc.SQLAlchemyError` where it is away."""
    engine = create_engine_from(settings)
    try:
        return list(_data(engine))
    finally:
        engine.dispose()


def refuse_weak(settings: Settings, *, with_data: bool) -> None:
    """In production, refuse to start. Raises `SetupError` `not_safe_for_production`, naming each weakness, and
    with `with_data` `sqlalchemy.exc.SQLAlchemyError`."""
    if settings.mode != "production":
        return
    every = [*weak_settings(settings), *(weak_data(settings) if with_data else [])]
    found = [item for item in every if item.grave]
    if not found:
        return
    zh = "".join(f"（{number}）{item.zh}" for number, item in enumerate(found, 1))
    en = "".join(f" ({number}) {item.en}" for number, item in enumerate(found, 1))
    raise SetupError(
        "not_safe_for_production",
        f"ZHUHANG_MODE=production 拒绝启动，请先改正：{zh}",
        f"ZHUHANG_MODE=production refuses to start; mend first:{en}",
    )


def _for_trials(settings: Settings) -> Iterator[Weakness]:
    if settings.demo:
        yield Weakness("demo_data", "会导入示范学校：设 DEMO=0。", "The sample school is loaded: set DEMO=0.")
    if settings.allow_test_identities:
        yield Weakness(
            "test_identities",
            "接受不可能存在的测试证件号：设 ZHUHANG_ALLOW_TEST_IDENTITIES=false。",
            "Test identities are accepted: set ZHUHANG_ALLOW_TEST_IDENTITIES=false.",
        )
    if settings.school_code == _TRIAL_SCHOOL:
        yield Weakness(
            "school_code",
            f"学校代码仍为默认值 {_TRIAL_SCHOOL}：设 ZHUHANG_SCHOOL_CODE。",
            f"The school code is still {_TRIAL_SCHOOL}: set ZHUHANG_SCHOOL_CODE.",
        )


def _master_keys(settings: Settings) -> Iterator[Weakness]:
    file = settings.master_keys_file
    beside = file is not None and file.resolve().is_relative_to(settings.data_dir.resolve())
    if beside or (settings.master_keys is None and file is None):
        yield Weakness(
            "master_key",
            "主密钥与数据放在同一目录：另行保管，并设 ZHUHANG_MASTER_KEYS_FILE。",
            "The master key is beside the data that it protects: keep one elsewhere and name it in "
            "ZHUHANG_MASTER_KEYS_FILE.",
        )
    if has_guessable_key(settings):
        yield Weakness(
            "master_key_guessable",
            "主密钥不是随机生成的：用 openssl rand -base64 32 生成，再执行 zhuhang keys rotate。",
            "A master key is not random: make one with `openssl rand -base64 32`, then run zhuhang keys rotate.",
        )


def _sign_on(settings: Settings) -> Iterator[Weakness]:
    if without := sorted(_TWO_FACTORS - settings.totp_roles):
        yield Weakness(
            "second_factor",
            f"这些角色登录不要求二次验证：{'、'.join(without)}；改正 ZHUHANG_TOTP_ROLES。",
            f"These roles sign on without a second factor: {', '.join(without)}; mend ZHUHANG_TOTP_ROLES.",
        )
    if settings.password_memory_mb < _LEAST_HASH_MB:
        yield Weakness(
            "password_hash",
            f"口令散列用的内存过小：ZHUHANG_PASSWORD_MEMORY_MB 至少为 {_LEAST_HASH_MB}。",
            f"Hashing passwords takes too little memory: set ZHUHANG_PASSWORD_MEMORY_MB to {_LEAST_HASH_MB} at least.",
        )


def _network(settings: Settings) -> Iterator[Weakness]:
    if not settings.public_url.startswith("https://"):
        yield Weakness(
            "public_url",
            "对外地址不是 https：设 ZHUHANG_PUBLIC_URL=https://…，并由反向代理提供 TLS。",
            "The public address is not https: set ZHUHANG_PUBLIC_URL=https://… and end TLS at a reverse proxy.",
        )
    if not is_local(settings.http_host) and not settings.trusted_proxies:
        yield Weakness(
            "http_host",
            f"接口在 {settings.http_host} 上不加密监听：设 ZHUHANG_HTTP_HOST=127.0.0.1，"
            "或用 ZHUHANG_TRUSTED_PROXIES 写明前面的反向代理。",
            f"The API listens on {settings.http_host} without TLS: set ZHUHANG_HTTP_HOST=127.0.0.1, or name the "
            "reverse proxy before it in ZHUHANG_TRUSTED_PROXIES.",
        )
    if any(ipaddress.ip_network(network).prefixlen == 0 for network in settings.trusted_proxies):
        yield Weakness(
            "trusted_proxies",
            "任何人都可以冒充任意来源地址：ZHUHANG_TRUSTED_PROXIES 只写反向代理的地址。",
            "Anybody may claim any address: name the reverse proxies alone in ZHUHANG_TRUSTED_PROXIES.",
        )
    told = (settings.api_metrics_port, settings.worker_metrics_port, settings.temporal_metrics_port)
    if any(told) and not is_local(settings.metrics_host):
        yield Weakness(
            "metrics_host",
            f"指标在 {settings.metrics_host} 上提供且不需登录：确认该地址只有内网可达。",
            f"Metrics are told on {settings.metrics_host} to whoever asks: see that it is reached from inside only.",
            grave=False,
        )
    host = (settings.temporal_address or "localhost:1").rpartition(":")[0].strip("[]")
    if not is_local(host) and not settings.temporal_over_tls:
        yield Weakness(
            "temporal_plaintext",
            "到 Temporal 的连接不加密：设 ZHUHANG_TEMPORAL_TLS=true 或其证书文件。",
            "Temporal is reached in plaintext: set ZHUHANG_TEMPORAL_TLS=true or its certificate files.",
        )
    for variable in ("database_url", "key_database_url"):
        url = make_url(getattr(settings, variable))
        if url.host and not is_local(url.host) and url.query.get("sslmode") not in _ENCRYPTED:
            name = f"ZHUHANG_{variable.upper()}"
            yield Weakness(
                "database_plaintext",
                f"到数据库的连接不加密：在 {name} 中加 ?sslmode=verify-full。",
                f"The database is reached in plaintext: add ?sslmode=verify-full to {name}.",
            )


def _channels(settings: Settings) -> Iterator[Weakness]:
    if wide := [host for host in settings.notify_hosts if _is_everything(host)]:
        yield Weakness(
            "notify_hosts",
            f"个人消息渠道可以指向任何主机（{'、'.join(wide)}）：ZHUHANG_NOTIFY_HOSTS 只写需要的主机。",
            f"People's own channels may be at any host ({', '.join(wide)}): name those that are needed in "
            "ZHUHANG_NOTIFY_HOSTS.",
        )


def _is_everything(host: str) -> bool:
    try:
        return ipaddress.ip_network(host).prefixlen == 0
    except ValueError:
        return not host.strip("*.")


def _files(settings: Settings) -> Iterator[Weakness]:
    secret = [path for name, path in settings if name.endswith("_file") and isinstance(path, Path)]
    keys = settings.data_dir / "keys"
    for path in (settings.data_dir, *(sorted(keys.iterdir()) if keys.is_dir() else ()), *secret):
        if path.exists() and _open_to_others(path.stat()):
            yield Weakness(
                "readable_by_others",
                f"其他用户可读 {path}：chmod go= {path}。",
                f"Others may read {path}: chmod go= {path}.",
            )


def _open_to_others(found: os.stat_result) -> bool:
    # A container's platform hands secrets over as root's, readable by the group that is the process's own.
    handed_over = found.st_uid == 0 and os.geteuid() != 0 and stat.S_ISREG(found.st_mode)
    return bool(found.st_mode & _OTHERS & ~(stat.S_IRGRP if handed_over else 0))


def _data(engine: Engine) -> Iterator[Weakness]:
    ids = [person["id"] for person in sample_school().staff]
    with Session(engine) as session:
        if session.exec(select(Staff.id).where(col(Staff.id).in_(ids)).limit(1)).first():
            yield Weakness(
                "demo_school",
                "数据库中是示范学校：用新的数据目录与数据库开始。",
                "The database holds the sample school: begin with a fresh data folder and database.",
            )
        if session.exec(select(Account.id).where(col(Account.demo)).limit(1)).first():
            yield Weakness(
                "demo_accounts",
                "有口令公开的示范账号：用新的数据目录与数据库开始。",
                "There are demo accounts, whose passwords are printed: begin with a fresh data folder and database.",
            )
        late = (
            col(Account.must_change),
            ~col(Account.disabled),
            col(Account.one_time_until) < datetime.now(UTC),
        )
        if count := session.exec(select(func.count()).select_from(Account).where(*late)).one():
            # Sign-on refuses them by now.
            yield Weakness(
                "first_passwords",
                f"{count} 个账号的初始口令到期仍未修改：停用这些账号或重发口令。",
                f"{count} accounts never changed their first password: disable them, or give new ones.",
                grave=False,
            )


def is_local(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
