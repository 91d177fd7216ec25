"""What the parts of a cluster on one machine are given: certificates and a proxy's configuration."""

import re
import shutil
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from deploy.local import certificates
from deploy.local.__main__ import app
from deploy.local.certificates import certify
from deploy.local.place import HIGHEST_PORT, ClusterPlace
from deploy.local.proxy import proxy_command
from services.file_lock import exclusive
from services.settings import SetupError


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_both_certificates_come_from_the_installations_own_authority(tmp_path: Path) -> None:
    certify(tmp_path / "made")
    authority = read(tmp_path / "made" / "ca.crt")
    for name in ("temporal", "zhuhang", "postgres"):
        found = read(tmp_path / "made" / f"{name}.crt")
        found.verify_directly_issued_by(authority)
        # A key that belongs to it, as OpenSSL sees it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "made" / f"{name}.crt", tmp_path / "made" / f"{name}.key")
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert name in names.get_values_for_type(x509.DNSName)
    for key in (tmp_path / "made").glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_certificate_is_renewed_before_it_ends_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    monkeypatch.setattr(certificates, "_DAYS", 30)  # as if most of a year had passed
    certify(made)
    ending, authority = read(made / "zhuhang.crt"), read(made / "ca.crt")
    monkeypatch.undo()
    certify(made)
    renewed = read(made / "zhuhang.crt")
    assert renewed.serial_number != ending.serial_number
    assert renewed.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
    certify(made)
    assert read(made / "zhuhang.crt") == renewed
    assert read(made / "ca.crt") == authority


def test_the_authoritys_key_is_wanted_only_where_a_certificate_is_due(tmp_path: Path) -> None:
    made, elsewhere = tmp_path / "made", tmp_path / "ca.key"
    certify(made)
    before = {file.name: file.read_bytes() for file in made.iterdir()}
    (made / "ca.key").rename(elsewhere)
    certify(made)
    assert {file.name: file.read_bytes() for file in made.iterdir()} | {
        "ca.key": elsewhere.read_bytes()
    } == before

    (made / "postgres.crt").unlink()
    with pytest.raises(SetupError) as refused:
        certify(made)
    assert refused.value.code == "authority_key_away"
    assert "postgres" in refused.value.zh
    assert "postgres" in refused.value.en
    assert not (made / "postgres.crt").exists()

    elsewhere.rename(made / "ca.key")
    certify(made)
    read(made / "postgres.crt").verify_directly_issued_by(read(made / "ca.crt"))
    assert (made / "zhuhang.crt").read_bytes() == before["zhuhang.crt"]


def test_making_certificates_says_what_is_missing(tmp_path: Path) -> None:
    def make(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.local.certificates", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    nowhere = make()
    assert nowhere.returncode == 2
    assert "usage: python -m deploy.local.certificates" in nowhere.stderr
    assert make(str(tmp_path)).returncode == 0
    (tmp_path / "ca.key").unlink()
    (tmp_path / "temporal.crt").unlink()
    away = make(str(tmp_path))
    assert away.returncode == 1
    assert "ca.key" in away.stdout
    assert "Traceback" not in nowhere.stderr + away.stderr


def test_the_proxy_knows_every_api_and_answers_in_their_words(tmp_path: Path) -> None:
    command = proxy_command(Path("/bin/caddy"), tmp_path / "proxy", 8000, [8001, 8002])
    written = Path(command[command.index("--config") + 1]).read_text()
    assert "reverse_proxy 127.0.0.1:8001 127.0.0.1:8002 {" in written
    assert re.search(r'respond `\{.*"code": "service_unavailable".*\}` 503', written)


def test_the_cluster_names_the_variable_that_moves_it(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    place = ClusterPlace(cluster, 8000)
    place.data.mkdir(parents=True)
    with exclusive(cluster / "up.lock"):
        said = refused(cluster)
        assert "[already_running]" in said
    shutil.rmtree(cluster)
    cluster.write_text("a file, not a folder")
    assert "[data_dir_not_writable]" in refused(cluster)


def refused(folder: Path) -> str:
    """What is said of a cluster in the folder that does not start."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "deploy.local", "up", "--dir", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "ZHUHANG_CLUSTER_DIR" in done.stdout
    assert "ZHUHANG_DATA_DIR" not in done.stdout
    return done.stdout


def test_no_two_parts_share_a_port(tmp_path: Path) -> None:
    place = ClusterPlace(tmp_path, 8000)
    environments = [
        *(place.worker_environment(number) for number in (0, 1)),
        *(place.api_environment(number, "") for number in (0, 1)),
    ]
    used = [int(value) for each in environments for name, value in each.items() if name.endswith("_PORT")]
    used += [place.port, place.postgresql, *range(place.temporal, place.temporal + 8)]
    used += place.temporal_metrics.values()
    assert sorted(used) == list(place.ports)


def test_temporal_can_keep_each_of_its_ports(tmp_path: Path) -> None:
    # In a column of two bytes.
    assert ClusterPlace(tmp_path, HIGHEST_PORT).temporal + 7 == 2**15 - 1
    # Nothing starts there, should the port be taken after all.
    nowhere = tmp_path / "file"
    nowhere.touch()
    given = ["up", "--dir", str(nowhere), "--port", str(HIGHEST_PORT + 1)]
    refused = CliRunner().invoke(app, given)
    assert refused.exit_code == 2
    assert str(HIGHEST_PORT) in refused.output


def test_secrets_are_made_once(tmp_path: Path) -> None:
    place = ClusterPlace(tmp_path, 8000)
    place.make_secrets()
    before = {file.name: file.read_text() for file in place.secrets.iterdir()}
    place.make_secrets()
    assert {file.name: file.read_text() for file in place.secrets.iterdir()} == before
    assert sorted(before) == ["database-password", "master-keys"]


@pytest.mark.parametrize("lost", ["database-password", "master-keys"])
def test_no_other_secret_takes_the_place_of_a_lost_one(lost: str, tmp_path: Path) -> None:
    place = ClusterPlace(tmp_path, 8000)
    place.make_secrets()
    (place.secrets / lost).unlink()
    place.postgresql_data.mkdir()
    with pytest.raises(SetupError, match=lost) as caught:
        place.make_secrets()
    assert caught.value.code == "secret_missing"
    assert not (place.secrets / lost).exists()
