"""Which ways to sign on there are, and settings that are wrong or half made."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from cli.doctor import school_sign_on
from services.settings import Settings
from services.sso.addresses import ForbiddenAddressError, Origins
from tests.product import Product
from tests.sso.browser import code_of
from tests.sso.conftest import School


async def test_the_page_learns_which_ways_there_are(school: School, product: Product) -> None:
    async with school.browser() as browser:
        listed = (await browser.get("/api/v1/auth/providers")).json()
    assert [(item["id"], item["start"]) for item in listed] == [
        ("local", "/api/v1/auth/sign-on"),
        ("oidc", "/api/v1/auth/oidc/start"),
        ("cas", "/api/v1/auth/cas/start"),
    ]
    assert all(item["zh"] and item["en"] for item in listed)
    alone = await product.http.get("/api/v1/auth/providers")
    assert [item["id"] for item in alone.json()] == ["local"]


@pytest.mark.parametrize("path", ["oidc/start", "oidc/callback", "cas/start", "cas/callback"])
async def test_a_way_that_is_not_set_up(product: Product, path: str) -> None:
    answer = await product.http.get(f"/api/v1/auth/{path}")
    assert code_of(answer) == (404, "sso_not_offered")
    if path == "cas/callback":
        answer = await product.http.post(f"/api/v1/auth/{path}", data={"logoutRequest": "<a/>"})
        assert code_of(answer) == (404, "sso_not_offered")


@pytest.mark.parametrize(
    "setting",
    [
        {"oidc_issuer": "http://login.example.edu"},
        {"oidc_issuer": "https://login.example.edu/?x=1"},
        {"oidc_issuer": "https://somebody@login.example.edu"},
        {"oidc_scopes": "profile"},
        {"oidc_client_secret_file": "/no/such/file"},
        {"cas_url": "ftp://cas.example.edu"},
        {"cas_url": "cas.example.edu/cas"},
        {"cas_name_zh": ""},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**setting)


def test_the_doctor_names_what_is_half_set(tmp_path: Path) -> None:
    def found(**settings: Any) -> dict[str, tuple[bool | None, str]]:
        return {item.check: (item.ok, item.found) for item in school_sign_on(Settings(**settings))}

    assert found() == {}
    secret = tmp_path / "secret"
    secret.write_text("x")
    half = found(oidc_issuer="https://login.example.edu", oidc_client_secret_file=secret)["oidc"]
    assert half[0] is False
    assert "ZHUHANG_OIDC_CLIENT_ID" in half[1]
    assert "ZHUHANG_OIDC_STAFF_CLAIM" in half[1]
    assert "ZHUHANG_OIDC_ISSUER" not in half[1]
    whole = {
        "oidc_issuer": "https://login.example.edu",
        "oidc_client_id": "zhuhang",
        "oidc_staff_claim": "no",
    }
    assert found(oidc_client_secret_file=secret, **whole)["oidc"][0] is True
    assert found(cas_url="https://cas.example.edu/cas")["cas"][0] is True
    nobody = {"cas_staff_attribute": "", "cas_student_attribute": ""}
    assert found(cas_url="https://cas.example.edu/cas", **nobody)["cas"][0] is False


async def test_only_the_providers_own_servers_are_asked() -> None:
    origins = Origins("https://login.example.edu/realm")
    with pytest.raises(ForbiddenAddressError):
        origins.add("http://login.example.edu/token")
    with pytest.raises(ForbiddenAddressError):
        origins.add("https:///token")
    async with httpx.AsyncClient(**origins.options()) as http:
        for url in (
            "https://169.254.169.254/",
            "https://login.example.edu:8443/",
            "http://login.example.edu/",
        ):
            with pytest.raises(ForbiddenAddressError):
                await http.get(url)
