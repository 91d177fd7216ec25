"""The production form in containers: what can be held of it without a container engine."""

import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import kubernetes_validate
import pytest
import yaml
from sqlalchemy import QueuePool

from deploy.local.proxy import CADDY_VERSION, find_caddy
from deploy.local.temporal_cluster import SERVER_VERSION, find_temporal_server
from deploy.local.temporal_config import ENVIRONMENT, SERVICES
from services.database import engine_of
from services.settings import Settings
from services.weaknesses import weak_settings
from tests.conftest import Quiet
from tests.setup.test_documented import variable

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
_NAMES = {
    "ZHUHANG_DOMAIN": "zhuhang.example.edu.cn",
    "ZHUHANG_SCHOOL_CODE": "12345",
    "ZHUHANG_SCHOOL_NAME": "某大学",
}


def compose() -> dict[str, Any]:
    """The document, its variables filled in as the engine does."""

    def fill(found: re.Match[str]) -> str:
        return _NAMES.get(found[1], (found[2] or "")[2:] if (found[2] or "").startswith(":-") else "")

    text = re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", fill, (DEPLOY / "compose.yaml").read_text())
    return yaml.safe_load(text)


def resources() -> list[dict[str, Any]]:
    """Everything that the kustomization names."""
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {file.name for file in KUBERNETES.iterdir()}
    return [each for name in listed for each in yaml.safe_load_all((KUBERNETES / name).read_text())]


def config_map(name: str) -> dict[str, str]:
    return next(r["data"] for r in resources() if (r["kind"], r["metadata"]["name"]) == ("ConfigMap", name))


def environments(part: str) -> list[dict[str, str]]:
    """The settings of the product (`zhuhang`) or of Temporal, in both forms."""
    service = {"zhuhang": "api", "temporal": "temporal-history"}[part]
    # The engine fills in what it has read as text.
    filled = {name: str(value) for name, value in compose()["services"][service]["environment"].items()}
    return [filled, config_map(part)]


def pods() -> dict[str, dict[str, Any]]:
    """The container of each pod on Kubernetes."""
    return {
        resource["metadata"]["name"]: resource["spec"]["template"]["spec"]["containers"][0]
        for resource in resources()
        if resource["kind"] in ("Deployment", "StatefulSet", "Job")
    }


def test_the_compose_file_is_what_the_specification_says() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(  # noqa: S603
        [*command, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_resource_is_what_kubernetes_takes() -> None:
    for resource in resources():
        kubernetes_validate.validate(resource, "1.37", strict=True)


@pytest.mark.parametrize("form", [0, 1], ids=["compose", "kubernetes"])
def test_the_settings_are_ours_and_leave_nothing_weak(form: int, tmp_path: Path) -> None:
    given = environments("zhuhang")[form]
    assert set(given) <= {variable(field) for field in Settings.model_fields}
    for name, value in given.items():
        if name.endswith("_FILE"):
            assert re.match("/(certificates|secrets|run/secrets)/", value)
    filled = {
        name: _here(value, tmp_path) if name.endswith("_FILE") else value for name, value in given.items()
    }
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    filled |= {"ZHUHANG_DATA_DIR": str(data)}
    if form == 1:
        filled["ZHUHANG_SCHOOL_CODE"] = "12345"
    # Between containers, metrics are told on a network of their own, which the product cannot know.
    found = weak_settings(_settings(filled))
    assert [(item.code, item.grave) for item in found] == [("metrics_host", False)]


def _here(path: str, folder: Path) -> str:
    file = folder / Path(path).name
    file.touch(mode=0o600)
    return str(file)


def _settings(environment: Mapping[str, str]) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return Settings()


@pytest.mark.parametrize("form", [0, 1], ids=["compose", "kubernetes"])
def test_temporal_knows_its_settings(form: int) -> None:
    installed = find_temporal_server(Quiet())
    known = installed.server.read_bytes()
    given = environments("temporal")[form]
    assert [name for name in given if name.encode() not in known] == []
    assert given.items() >= ENVIRONMENT.items()
    known = installed.sql_tool.read_bytes()
    schema = set(compose()["services"]["temporal-schema"]["environment"]) - {"SQL_PASSWORD_FILE"}
    assert [name for name in schema if name.encode() not in known] == []


def _copies(form: int) -> Iterator[tuple[str, int]]:
    """The parts that go on, each with the processes that there may be of it at once."""
    if form == 0:
        for name, service in compose()["services"].items():
            yield name, service.get("deploy", {}).get("replicas", 1)
        return
    for resource in resources():
        if resource["kind"] == "Deployment":
            # A rollout begins new ones before it ends the old: a quarter of them, rounded up.
            replicas = resource["spec"]["replicas"]
            yield resource["metadata"]["name"], replicas + math.ceil(replicas / 4)


@pytest.mark.parametrize("form", [0, 1], ids=["compose", "kubernetes"])
def test_postgresql_has_a_connection_for_everybody(form: int) -> None:
    said = [*compose()["services"]["postgres"]["command"], *pods()["postgres"]["args"]]
    allowed = [int(word.partition("=")[2]) for word in said if word.startswith("-cmax_connections=")][form]
    given = environments("temporal")[form]
    temporal = int(given.get("SQL_MAX_CONNS", 20)) + int(given.get("SQL_VIS_MAX_CONNS", 10))
    pool = engine_of("postgresql+psycopg://nobody@127.0.0.1/none").pool
    assert isinstance(pool, QueuePool)
    # The ledger and the key store; beyond what is kept in the pool, as many again come and go.
    product = 2 * (pool.size() + 10)
    each = dict.fromkeys((f"temporal-{service}" for service in SERVICES), temporal)
    each |= {"api": product, "worker": product}
    needed = sum(each.get(name, 0) * copies for name, copies in _copies(form))
    assert needed <= allowed - 3  # kept for a superuser
    # docs/operations.md
    assert (temporal, product) == (25, 40)


def test_every_port_of_metrics_is_looked_at_under_the_name_that_alerts_know() -> None:
    job = yaml.safe_load((DEPLOY / "observability" / "scrape-kubernetes.yaml").read_text())
    *naming, keeping = job["relabel_configs"]
    found: dict[str, int] = {}
    for app, pod in pods().items():
        for port in pod.get("ports", ()):
            # Prometheus joins the labels so, and takes an expression for the whole of it.
            joined, name = f"{app};{port['name']}", job["job_name"]
            for rule in naming:
                if (match := re.fullmatch(rule["regex"], joined)) is not None:
                    name = match.expand(rule["replacement"].replace("$1", r"\1"))
            if re.fullmatch(keeping["regex"], name):
                found[name] = port["containerPort"]
    given = config_map("zhuhang")
    assert found == {
        "zhuhang-api": int(given["ZHUHANG_API_METRICS_PORT"]),
        "zhuhang-worker": int(given["ZHUHANG_WORKER_METRICS_PORT"]),
        "zhuhang-temporal-sdk": int(given["ZHUHANG_TEMPORAL_METRICS_PORT"]),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_each_of_temporals_services_has_processes_of_its_own(service: str) -> None:
    known = find_temporal_server(Quiet()).server.read_bytes()
    own = {each["name"]: each.get("value") for each in pods()[f"temporal-{service}"]["env"]}
    assert [name for name in own if name.encode() not in known] == []
    composed = compose()["services"][f"temporal-{service}"]["environment"]
    # A server that is told none runs all four.
    assert composed["TEMPORAL_SERVICES"] == own["TEMPORAL_SERVICES"] == service


def test_both_forms_have_the_same_parts_in_the_same_versions() -> None:
    services, on_kubernetes = compose()["services"], pods()
    # The certificates are a secret there, and the proxy is the cluster's own ingress.
    assert set(services) - set(on_kubernetes) == {"certificates", "proxy"}
    assert set(on_kubernetes) <= set(services)
    for name, pod in on_kubernetes.items():
        assert pod["image"] == services[name]["image"].removesuffix(":latest") or pod["image"] == "zhuhang"
    assert {f"temporal-{service}" for service in SERVICES} < set(on_kubernetes)
    assert services["temporal-history"]["image"].endswith(f":{SERVER_VERSION}")
    assert f"{CADDY_VERSION}.".startswith(services["proxy"]["image"].removeprefix("caddy:") + ".")
    script = config_map("temporal-schema")["temporal-schema.sh"]
    assert script == (DEPLOY / "container" / "temporal-schema.sh").read_text()
    assert yaml.safe_load(config_map("temporal-dynamic")["dynamic.yaml"]) == yaml.safe_load(
        (DEPLOY / "container" / "temporal-dynamic.yaml").read_text()
    )


def test_the_proxy_of_the_containers_is_understood() -> None:
    command = [find_caddy(Quiet()), "adapt", "--adapter", "caddyfile", "--validate"]
    done = subprocess.run(  # noqa: S603
        [*command, "--config", DEPLOY / "container" / "Caddyfile"],
        env=_NAMES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"policy":"cookie"' in done.stdout


def test_the_proxy_of_the_containers_comes_from_where_it_is_trusted() -> None:
    found = re.search(r"^\s*name (\S+)$", (DEPLOY / "container" / "Caddyfile").read_text(), re.MULTILINE)
    assert found is not None
    document = compose()
    api, proxy = document["services"]["api"], document["services"]["proxy"]
    # A service has its own name on each of its networks, and on each what else it is called there.
    ways: set[str] = {
        network
        for network, given in api["networks"].items()
        if network in proxy["networks"] and found[1] in {"api", *given.get("aliases", ())}
    }
    assert ways == {"inner"}
    subnets = [config["subnet"] for config in document["networks"]["inner"]["ipam"]["config"]]
    assert subnets == [api["environment"]["ZHUHANG_TRUSTED_PROXIES"]]


def test_the_installed_package_is_whole(tmp_path: Path) -> None:
    """What the image installs has every file that the product reads of itself."""
    tree = tmp_path / "tree"
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        name = line.removeprefix("!")
        if line.startswith("!") and (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif line.startswith("!"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--no-build-isolation", "--wheel-dir", tmp_path, tree]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    wanted = {
        str(file.relative_to(ROOT))
        for folder in ("activities", "api", "cli", "console", "models", "samples", "services", "workflows")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix not in (".pyc", ".md")
    }
    assert wanted <= packed
    assert {"worker.py", "deploy/local/certificates.py"} <= packed
