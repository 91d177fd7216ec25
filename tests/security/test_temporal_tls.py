"""Temporal behind TLS, as a real cluster is: its certificate is checked, and ours is shown."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.settings import Settings, SetupError
from services.temporal_health import check_temporal

NAME = "temporal.example.edu"
_FORMAT = serialization.PrivateFormat.PKCS8


class Authority:
    """A certificate authority that signs for the test."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Files of a certificate for this name and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]))
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret = serialization.NoEncryption()
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, _FORMAT, secret))
        return files

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(hours=1),
        )
        return builder.add_extension(extension, critical=False).sign(self._key, hashes.SHA256())


@asynccontextmanager
async def behind_tls(target: str, context: ssl.SSLContext) -> AsyncGenerator[str]:
    """An address that ends TLS before this one."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while part := await reader.read(65536):
                writer.write(part)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        onward, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pipe(reader, back), pipe(onward, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_certificates_are_checked_on_both_sides(temporal_address: str, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "school"), Authority(tmp_path, "stranger")
    certificate, key = ours.issue("zhuhang")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ours.file))
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(*ours.issue(NAME))
    async with behind_tls(temporal_address, context) as address:
        good = Settings(
            temporal_address=address,
            temporal_tls_ca_file=ours.file,
            temporal_tls_server_name=NAME,
            temporal_tls_cert_file=certificate,
            temporal_tls_key_file=key,
        )
        await check_temporal(good)
        for changed in (
            {"temporal_tls_ca_file": theirs.file},
            {"temporal_tls_server_name": "other.example.edu"},
            {"temporal_tls_cert_file": None, "temporal_tls_key_file": None},
            {"temporal_tls_ca_file": None, "temporal_tls_cert_file": None, "temporal_tls_key_file": None},
        ):
            tried = good.model_copy(update=changed)
            with pytest.raises(SetupError) as caught:
                await check_temporal(tried)
            assert caught.value.code == "temporal_unreachable"
            named = ["ZHUHANG_TEMPORAL_TLS_" in said for said in (caught.value.zh, caught.value.en)]
            assert named == [tried.temporal_over_tls] * 2
