"""The certificates of TLS between the parts, signed by an authority of the installation's own.

`python -m deploy.local.certificates FOLDER` makes them, or anew those that end soon.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from services.settings import SetupError

# The name in the certificate of Temporal's services, wherever they run.
SERVER_NAME = "temporal"
_NAMES = (SERVER_NAME, "zhuhang", "postgres")
_AUTHORITY_DAYS = 3650
_DAYS = 365
# A certificate is made anew at a start when it would end within so many days.
_RENEW_DAYS = 60

_Key = ec.EllipticCurvePrivateKey


def certify(folder: Path) -> None:
    """Have in `folder` the authority (`ca.crt`, `ca.key`) and certificates with keys for Temporal's services
    (`temporal.crt`), for the product (`zhuhang.crt`) and for PostgreSQL (`postgres.crt`). What is there stays until it
    is about to end. `ca.key` may be kept elsewhere until then.

    Raises `SetupError` `authority_key_away` where a certificate is due and `ca.key` is not there.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if not (folder / "ca.crt").exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder, "ca", key, _signed("Zhuhang", key, "Zhuhang", key, _AUTHORITY_DAYS))
    due = [name for name in _NAMES if _ends_soon(folder / f"{name}.crt")]
    if not due:
        return
    issuer = _authority_key(folder / "ca.key", due)
    for name in due:
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder, name, key, _signed(name, key, "Zhuhang", issuer, _DAYS))


def _authority_key(file: Path, due: Sequence[str]) -> _Key:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError:
        raise SetupError(
            "authority_key_away",
            f"证书需要签发({'、'.join(due)}),而签发用的私钥 {file} 不在:请放回后重试。",
            f"Certificates are due ({', '.join(due)}), but the authority's key {file} is away: "
            "put it back and try again.",
        ) from None
    assert isinstance(key, _Key)  # noqa: S101  (we made it)
    return key


def _ends_soon(file: Path) -> bool:
    if not file.exists():
        return True
    ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    return ends < datetime.now(UTC) + timedelta(days=_RENEW_DAYS)


def _signed(name: str, key: _Key, issuer_name: str, issuer: _Key, days: int) -> x509.Certificate:
    now = datetime.now(UTC)
    authority = key is issuer
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer_name)]),
        subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(minutes=5),
        not_valid_after=now + timedelta(days=days),
    ).add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
    if not authority:
        names = [x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer, hashes.SHA256())


def _write(folder: Path, name: str, key: _Key, certificate: x509.Certificate) -> None:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in (
        (folder / f"{name}.key", secret),
        (folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM)),
    ):
        fresh = file.with_suffix(f"{file.suffix}.new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(file)


def _main() -> int:
    parser = ArgumentParser(
        prog="python -m deploy.local.certificates",
        description="签发或更新各部分之间的证书 · make the certificates between the parts, or anew those that end soon",
    )
    parser.add_argument("folder", type=Path, help="证书目录 · folder of the certificates")
    folder: Path = parser.parse_args().folder
    try:
        certify(folder)
    except SetupError as error:
        Terminal().fail(error)
        return 1
    return 0


if __name__ == "__main__":
    run_and_leave(_main)
