"""The vault: what one subject's key seals opens for that subject, in that place, as long as the key lives."""

import base64
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from weakref import ref

import pytest
from pydantic import SecretStr

from services.ciphers import Algorithm
from services.data_key import KeyDestroyed, KeyMissing, SealBroken
from services.key_cache import KeyCache
from services.key_rotation import rotate
from services.key_store import KeyStore
from services.master_keys import master_keys_of
from services.settings import Settings, SetupError
from services.short_memory import ShortMemory
from services.vault import Vault

TEXT = "张三 000000200201010018"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def vault(settings: Settings) -> Vault:
    vault = Vault.of(settings)
    assert vault.ensure(["case-a", "case-b"]) == frozenset()
    return vault


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_is_sealed_opens_in_its_place_only(vault: Vault, algorithm: Algorithm) -> None:
    vault.algorithm = algorithm
    sealed = vault.seal("case-a", TEXT, "name")
    assert sealed.startswith(algorithm)
    assert TEXT not in sealed
    assert vault.open("case-a", sealed, "name") == TEXT
    with pytest.raises(SealBroken):
        vault.open("case-a", sealed, "student_no")
    with pytest.raises(SealBroken):
        vault.open("case-b", sealed, "name")


def test_a_changed_byte_or_algorithm_is_noticed(vault: Vault) -> None:
    sealed = vault.seal("case-a", TEXT, "name")
    algorithm, key_id, body = sealed.split(".")
    raw = bytearray(base64.b64decode(body))
    raw[-1] ^= 1
    changed = f"{algorithm}.{key_id}.{base64.b64encode(raw).decode()}"
    for broken in (
        changed,
        f"sm4-gcm.{key_id}.{body}",
        f"{algorithm}.{key_id}.?",
        "",
        f"{algorithm}.{key_id}.",
    ):
        with pytest.raises(SealBroken):
            vault.open("case-a", broken, "name")


def test_both_ciphers_are_readable_whichever_is_chosen(settings: Settings) -> None:
    national = Vault.of(settings.model_copy(update={"cipher": Algorithm.SM4_GCM}))
    other = Vault.of(settings)
    national.ensure(["case-a"])
    assert other.open("case-a", national.seal("case-a", TEXT, "name"), "name") == TEXT
    assert national.open("case-a", other.seal("case-a", TEXT, "name"), "name") == TEXT


def test_a_destroyed_key_is_gone_for_good(vault: Vault, settings: Settings) -> None:
    sealed = vault.seal("case-a", TEXT, "name")
    stored = vault.store.find(["case-a"])["case-a"]
    assert vault.destroy("case-a")
    assert not vault.destroy("case-a")
    for asked in (vault, Vault.of(settings)):
        with pytest.raises(KeyDestroyed) as destroyed:
            asked.open("case-a", sealed, "name")
        assert destroyed.value.code == "key_destroyed"
        assert asked.ensure(["case-a", "case-c"]) == {"case-a"}
        with pytest.raises(KeyDestroyed):
            asked.seal("case-a", TEXT, "name")
    vault.store.add([stored])
    with pytest.raises(KeyDestroyed):
        vault.key("case-a")


def test_nothing_of_a_destroyed_key_stays_in_the_files(vault: Vault, settings: Settings) -> None:
    wrapped = vault.store.find(["case-a"])["case-a"].wrapped
    assert wrapped is not None
    folder = settings.data_dir / "keys"
    assert any(wrapped in file.read_bytes() for file in folder.iterdir())
    vault.destroy("case-a")
    assert not [file.name for file in folder.iterdir() if wrapped in file.read_bytes()]


def test_what_could_not_be_cleared_is_cleared_when_it_is_destroyed_again(
    vault: Vault, settings: Settings
) -> None:
    wrapped = vault.store.find(["case-a"])["case-a"].wrapped
    assert wrapped is not None
    path = settings.key_database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM data_key").fetchall()
        assert vault.destroy("case-a")
    folder = settings.data_dir / "keys"
    assert any(wrapped in file.read_bytes() for file in folder.iterdir())
    assert not vault.destroy("case-a")
    assert not [file.name for file in folder.iterdir() if wrapped in file.read_bytes()]


def test_a_key_that_was_never_made_can_be_ruled_out(vault: Vault) -> None:
    with pytest.raises(KeyMissing):
        vault.seal("case-x", TEXT, "name")
    assert not vault.destroy("case-x")
    assert vault.ensure(["case-x"]) == {"case-x"}


def test_another_process_notices_a_destroyed_key_when_its_copy_is_old(settings: Settings) -> None:
    now = [0.0]
    store, masters = KeyStore(settings.key_database_url), master_keys_of(settings)
    reader = Vault(store, masters, settings.cipher, KeyCache(10, 20.0, lambda: now[0]))
    reader.ensure(["case-a"])
    sealed = reader.seal("case-a", TEXT, "name")
    Vault.of(settings).destroy("case-a")
    now[0] = 19.9
    assert reader.open("case-a", sealed, "name") == TEXT
    now[0] = 20.0
    with pytest.raises(KeyDestroyed):
        reader.open("case-a", sealed, "name")


def test_the_cache_keeps_those_that_came_last(settings: Settings) -> None:
    cache = KeyCache(2, 20.0)
    vault = Vault(KeyStore(settings.key_database_url), master_keys_of(settings), settings.cipher, cache)
    vault.ensure(["one", "two"])
    first = vault.key("one").key_id
    vault.ensure(["three"])
    assert cache.of("one") is None
    assert cache.by_id(first) is None
    assert cache.of("two") is not None
    assert cache.by_id(vault.key("three").key_id) is not None


def test_what_is_forgotten_does_not_stay_in_memory() -> None:
    now = [0.0]
    memory: ShortMemory[set[str]] = ShortMemory(10, 20.0, lambda: now[0])
    memory.put("case-a", {TEXT})
    kept = ref(memory.of("case-a") or set())
    assert kept() == {TEXT}
    now[0] = 20.0
    memory.put("case-b", set())
    assert kept() is None


def test_ids_and_indexes_tell_nothing_and_stay(vault: Vault, settings: Settings) -> None:
    first = vault.index("99999", "id_number", "00000020020101001x")
    assert first == vault.index("99999", "id_number", " 00000020020101001X ")
    assert len({first, vault.index("88888", "id_number", "00000020020101001X")}) == 2
    assert (
        len({vault.index("99999", kind, "1") for kind in ("id_number", "phone", "student_no", "name")}) == 4
    )
    case_id = vault.case_id("99999", "2022001")
    rotate(vault)
    again = Vault.of(settings)
    assert (again.case_id("99999", "2022001"), again.index("99999", "id_number", "00000020020101001X")) == (
        case_id,
        first,
    )
    other = Vault.of(
        settings.model_copy(update={"key_database_url": f"sqlite:///{settings.data_dir}/other.db"})
    )
    assert other.case_id("99999", "2022001") != case_id


def test_rotation_reaches_every_key_and_running_processes(vault: Vault, settings: Settings) -> None:
    sealed = vault.seal("case-a", TEXT, "name")
    vault.ensure(f"case-{number}" for number in range(450))
    vault.destroy("case-7")
    # Its ring was read before the rotation, and its copies of keys are no longer at hand.
    running = Vault(vault.store, master_keys_of(settings), settings.cipher, KeyCache(0, 20.0))
    assert running.open("case-a", sealed, "name") == TEXT
    assert vault.masters.current() == "1"
    assert rotate(vault) == ("2", 451)
    assert vault.store.counts() == ({"2": 451}, 1)
    assert running.open("case-a", sealed, "name") == TEXT
    running.ensure(["case-new"])
    assert running.store.find(["case-new"])["case-new"].master_id == "2"
    assert rotate(vault)[0] == "3"


def test_the_first_form_of_the_key_file_is_ring_member_one(settings: Settings) -> None:
    path = settings.data_dir / "keys" / "master.key"
    path.parent.mkdir()
    path.write_bytes(base64.b64encode(os.urandom(32)))
    vault = Vault.of(settings)
    vault.ensure(["case-a"])
    assert vault.store.find(["case-a"])["case-a"].master_id == "1"
    rotate(vault)
    assert [item.split(":")[0] for item in path.read_text().split()] == ["1", "2"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_master_keys_kept_by_others(settings: Settings, tmp_path: Path) -> None:
    one, two = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    by_variable = settings.model_copy(update={"master_keys": SecretStr(f"a:{one}")})
    vault = Vault.of(by_variable)
    vault.ensure(["case-a"])
    sealed = vault.seal("case-a", TEXT, "name")
    with pytest.raises(SetupError) as refused:
        rotate(vault)
    assert refused.value.code == "master_keys_not_ours"
    secret = tmp_path / "secret"
    secret.write_text(f"a:{one}\nb:{two}\n")
    by_file = Vault.of(settings.model_copy(update={"master_keys_file": secret}))
    assert rotate(by_file) == ("b", 1)
    assert by_file.open("case-a", sealed, "name") == TEXT
    with pytest.raises(SetupError) as unknown:
        Vault.of(by_variable).open("case-a", sealed, "name")
    assert unknown.value.code == "master_key_unknown"
    assert not (settings.data_dir / "keys" / "master.key").exists()


@pytest.mark.parametrize("text", ["", "a:xyz", "a:" + base64.b64encode(b"short").decode(), ":AAAA"])
def test_a_ring_that_is_none_is_refused(settings: Settings, text: str) -> None:
    with pytest.raises(SetupError) as refused:
        Vault.of(settings.model_copy(update={"master_keys": SecretStr(text)})).ensure(["case-a"])
    assert refused.value.code == "master_keys_invalid"
    assert "xyz" not in str(refused.value)


def test_another_installations_master_key_opens_nothing(vault: Vault, settings: Settings) -> None:
    assert vault.store.find(["case-a"])
    ring = settings.data_dir / "keys" / "master.key"
    ring.write_text(base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(SetupError) as refused:
        Vault.of(settings).key("case-a")
    assert refused.value.code == "master_key_wrong"
    # Nor is one made to open it with.
    ring.unlink()
    with pytest.raises(SetupError) as refused:
        Vault.of(settings).key("case-a")
    assert refused.value.code == "master_keys_unreadable"
    assert not ring.exists()


_MAKE = """
import sys
from services.settings import Settings
from services.vault import Vault
vault = Vault.of(Settings(data_dir=sys.argv[1]))
sys.stdin.readline()
vault.ensure(["case-a"])
print(vault.key("case-a").key_id, vault.case_id("1", "2"))
"""


def _finish(part: "subprocess.Popen[str]") -> str:
    return part.communicate("now\n", 60)[0]


def test_processes_that_make_one_key_at_once_agree(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MAKE, str(tmp_path)]
    parts = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(3)
    ]
    with ThreadPoolExecutor(3) as together:
        answers = list(together.map(_finish, parts))
    assert [part.returncode for part in parts] == [0, 0, 0]
    assert len(set(answers)) == 1
    assert len(answers[0].split()) == 2
