"""What the configuration of the full Temporal server says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import URL

SERVICES = ("frontend", "history", "matching", "worker")
# The store and what it is called in Temporal's own schema folders.
DATABASES = {"temporal": "temporal", "temporal_visibility": "visibility"}
# Temporal's collector of garbage works a quarter as often, until a process has a gigabyte (docs/decisions/0021).
ENVIRONMENT = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
# One reader and one writer: with the default of four partitions a task may wait for its hand-over.
DYNAMIC_CONFIG = {"matching.numTaskqueueReadPartitions": 1, "matching.numTaskqueueWritePartitions": 1}


@dataclass(frozen=True)
class Certificates:
    """Files of mutual TLS between Temporal's services and with everybody who asks the frontend."""

    ca: Path
    certificate: Path
    key: Path
    name: str


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What Temporal's configuration says. `first_port` is the frontend's; nine more follow it.

    `password_file` is read by the server at each connection. `shards` can never be changed for a store.
    """

    store: URL
    first_port: int
    shards: int = 4
    password_file: Path | None = None
    certificates: Certificates | None = None
    metrics_ports: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def address(self) -> str:
        """host:port of the frontend."""
        return f"127.0.0.1:{self.first_port}"

    def write(self, file: Path, service: str | None = None) -> Path:
        """Write the configuration of a process with this service, or with all of them."""
        dynamic = file.with_name("temporal-dynamic.yaml")
        dynamic.write_text(yaml.safe_dump({key: [{"value": value}] for key, value in DYNAMIC_CONFIG.items()}))
        file.write_text(yaml.safe_dump(self._config(dynamic, service), sort_keys=False))
        return file

    def _config(self, dynamic: Path, service: str | None) -> dict[str, Any]:
        global_: dict[str, Any] = {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}}
        if self.certificates is not None:
            global_["tls"] = _tls(self.certificates)
        if (port := self.metrics_ports.get(service or "")) is not None:
            listening = f"127.0.0.1:{port}"
            global_["metrics"] = {"prometheus": {"timerType": "histogram", "listenAddress": listening}}
        frontend = {
            "enabled": True,
            "initialFailoverVersion": 1,
            "rpcName": "frontend",
            "rpcAddress": self.address,
        }
        return {
            "log": {"stdout": True, "level": "warn", "format": "json"},
            "persistence": {
                "defaultStore": "temporal",
                "visibilityStore": "temporal_visibility",
                "numHistoryShards": self.shards,
                "datastores": {name: {"sql": self._datastore(name)} for name in DATABASES},
            },
            "global": global_,
            "services": {name: {"rpc": self._ports(number)} for number, name in enumerate(SERVICES)},
            "clusterMetadata": {
                "enableGlobalNamespace": False,
                "failoverVersionIncrement": 10,
                "masterClusterName": "active",
                "currentClusterName": "active",
                "clusterInformation": {"active": frontend},
            },
            "dcRedirectionPolicy": {"policy": "noop"},
            "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
        }

    def _ports(self, number: int) -> dict[str, Any]:
        return {
            "grpcPort": self.first_port + number,
            "membershipPort": self.first_port + len(SERVICES) + number,
            "bindOnIP": "127.0.0.1",
        }

    def _datastore(self, name: str) -> dict[str, Any]:
        # History's shards and matching read and write the store; visibility is asked by nobody but us.
        connections = 20 if name == "temporal" else 5
        secret: dict[str, Any] = {}
        if self.password_file is not None:
            secret = {"passwordCommand": {"command": "cat", "args": [str(self.password_file)]}}
        elif self.store.password:
            secret = {"password": str(self.store.password)}
        return secret | {
            "pluginName": "postgres12",
            "databaseName": name,
            "connectAddr": f"{self.store.host}:{self.store.port or 5432}",
            "connectProtocol": "tcp",
            "user": str(self.store.username),
            "maxConns": connections,
            "maxIdleConns": connections,
            "maxConnLifetime": "1h",
        }


def _tls(files: Certificates) -> dict[str, Any]:
    listening = {
        "server": {
            "requireClientAuth": True,
            "certFile": str(files.certificate),
            "keyFile": str(files.key),
            "clientCaFiles": [str(files.ca)],
        },
        "client": {"serverName": files.name, "rootCaFiles": [str(files.ca)]},
    }
    # A service asks the others with the certificate that it listens with; the system's worker needs its own.
    system_worker = {
        "certFile": str(files.certificate),
        "keyFile": str(files.key),
        "client": {"serverName": files.name, "rootCaFiles": [str(files.ca)]},
    }
    return {"internode": listening, "frontend": listening, "systemWorker": system_worker}
