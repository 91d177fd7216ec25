"""Zhuhang behind a real socket, with a real OpenID provider and a real CAS server beside it."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from services.settings import Settings, SetupError
from tests.product import Product, free_port
from tests.security.serving import served
from tests.servers import NODE_BINARY, cas_server, openid_provider
from tests.sso.browser import Browser

HERE = Path(__file__).parent
SECRET = "a secret of the tests, and of nothing else at all"  # noqa: S105
GRADUATE_NO = "S20260001"
ACCOUNTS: dict[str, dict[str, Any]] = {
    "zhang": {"staff_no": "mentor-1"},
    "li": {"staff_no": "college"},
    "li-with-code": {"staff_no": "college", "methods": ["pwd", "otp"]},
    "graduate": {"student_no": GRADUATE_NO},
    "stranger": {"staff_no": "nobody-here", "student_no": "S00000000"},
    "posing": {},
    "nameless": {},
    "closed": {"staff_no": "closed-1"},
    "leaver": {"staff_no": "sso-leaver"},
}


@dataclass
class Server:
    """A provider as a process of its own."""

    command: list[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it answers."""
        self.process = await asyncio.create_subprocess_exec(
            *self.command, env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while (line := await self.process.stdout.readline()) != b"ready\n":
                assert line, "the provider ended"

    async def stop(self) -> None:
        """Returns when it is gone."""
        if self.process is not None:
            self.process.terminate()
            await self.process.wait()
            self.process = None


@dataclass
class School:
    """Zhuhang and the two ways to sign on at the school."""

    site: str
    product: Product
    issuer: str
    openid: Server
    cas: str
    graduate: str
    settings: Settings

    def browser(self) -> Browser:
        return Browser(self.site)

    async def spoil(self, **how: Any) -> None:
        """Make the provider's next ID token a bad one: see provider.mjs."""
        async with httpx.AsyncClient(trust_env=False) as http:
            (await http.post(f"{self.issuer}/test/spoil", json=how)).raise_for_status()


def openid_server(folder: Path, port: int, site: str) -> Server:
    """The OpenID provider, not started. Skips the test where it cannot be had."""
    try:
        packages = openid_provider()
    except SetupError as error:
        pytest.skip(error.en)
    # Node looks for packages beside the script.
    script = shutil.copy(HERE / "provider" / "provider.mjs", folder)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    client = {
        "client_id": "zhuhang",
        "client_secret": SECRET,
        "redirect_uris": [f"{site}/api/v1/auth/oidc/callback"],
        "post_logout_redirect_uris": [f"{site}/"],
    }
    given = {"port": port, "client": client, "accounts": ACCOUNTS}
    return Server([str(NODE_BINARY), str(script), json.dumps(given)], dict(os.environ))


def cas_process(folder: Path, port: int, site: str) -> Server:
    """The CAS server, not started. Its user names are student numbers, or anything with the staff number as an
    attribute."""
    try:
        packages = cas_server()
    except SetupError as error:
        pytest.skip(error.en)
    accounts = {
        name: {"employeeNumber": claims["staff_no"]} if "staff_no" in claims else {}
        for name, claims in ACCOUNTS.items()
        if name != "graduate"
    } | {GRADUATE_NO: {}}
    given = {"folder": str(folder), "port": port, "service": f"^{site}/", "accounts": accounts}
    command = [sys.executable, str(HERE / "cas" / "server.py"), json.dumps(given)]
    return Server(command, dict(os.environ) | {"PYTHONPATH": str(packages)})


@asynccontextmanager
async def zhuhang(product: Product, port: int, **settings: Any) -> AsyncGenerator[Settings]:
    """Another application of the same installation, at a port and with settings of its own."""
    site = f"http://127.0.0.1:{port}"
    chosen = product.settings.model_copy(update={"public_url": site, "http_port": port} | settings)
    app = create_app(chosen)
    async with app.router.lifespan_context(app), served(app, port):
        yield chosen


async def _leave(product: Product, staff_id: str) -> None:
    """Somebody comes, and leaves again."""
    person = {"id": staff_id, "name": "离职者", "role": "mentor", "department_id": "edu"}
    assert (await product.request("POST", "/staff", "admin", json=person)).status == 201
    path = f"/staff/{staff_id}/offboarding"
    answer = await product.request("POST", path, "other-college", json={"reason": "调离"})
    assert answer.status == 202, answer.body

    async def gone() -> bool:
        return (await product.get(path, "other-college")).body["status"] == "done"

    await product.until(gone, what="the offboarding has ended")


@pytest.fixture(scope="session")
async def school(product: Product, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[School]:
    """All three, running."""
    folder = tmp_path_factory.mktemp("sso")
    secret = folder / "client-secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    port, openid_port, cas_port = free_port(), free_port(), free_port()
    site, issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{openid_port}"
    cas = f"http://127.0.0.1:{cas_port}/cas"
    await _leave(product, "sso-leaver")
    graduate = await product.open_case(student_no=GRADUATE_NO)
    # A staff number that is none: it names the file of somebody.
    ACCOUNTS["posing"]["staff_no"] = f"graduate:{graduate}"
    openid = openid_server(folder, openid_port, site)
    async with AsyncExitStack() as stack:
        for server in (openid, cas_process(folder, cas_port, site)):
            await server.start()
            stack.push_async_callback(server.stop)
        settings = await stack.enter_async_context(
            zhuhang(
                product,
                port,
                oidc_issuer=issuer,
                oidc_client_id="zhuhang",
                oidc_client_secret_file=secret,
                oidc_scopes="openid school",
                oidc_staff_claim="staff_no",
                oidc_student_claim="student_no",
                oidc_mfa_claim="methods",
                oidc_mfa_values=["otp", "hwk"],
                cas_url=cas,
                cas_staff_attribute="employeeNumber",
                cas_student_attribute="user",
            )
        )
        yield School(site, product, issuer, openid, cas, f"graduate:{graduate}", settings)
