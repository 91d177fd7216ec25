"""Small files of each kind, real enough for who looks at their content."""

import base64
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
from openpyxl import Workbook

from tests.product import Answer, Product

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
# One white pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WITH_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def office(main: str = _WORD, **parts: bytes) -> bytes:
    """A zip archive whose manifest says that its main part is of this type."""
    manifest = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )
    held = io.BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr("[Content_Types].xml", manifest)
        archive.writestr("word/document.xml", "<document/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def workbook() -> bytes:
    held = io.BytesIO()
    Workbook().save(held)
    return held.getvalue()


DOCX = office()
DOCM = office(_WITH_MACROS)
HIDDEN_MACROS = office(_WORD, **{"word__vbaProject.bin": b"x"})


async def uploaded(
    product: Product,
    case_id: str,
    actor: str = "mentor-1",
    content: bytes = PDF,
    *,
    kind: str = "labor_contract",
    name: str = "合同.pdf",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Upload a file to a case."""
    return await product.request(
        "POST",
        f"/cases/{case_id}/attachments",
        actor,
        files={"file": (name, content)},
        data={"kind": kind},
        headers=headers or {},
    )


async def attached(product: Product, case_id: str, actor: str = "mentor-1", **options: Any) -> str:
    """The same, and it must succeed; the attachment's id."""
    answer = await uploaded(product, case_id, actor, **options)
    assert answer.status == 201, answer.body
    return answer.body["id"]


async def opened(
    product: Product, case_id: str, attachment_id: str, actor: str = "mentor-1", query: str = ""
) -> httpx.Response:
    """The content of an attachment, as it is answered."""
    path = f"/api/v1/cases/{case_id}/attachments/{attachment_id}{query}"
    return await product.http.get(path, headers=product.bearer(actor))


def files_of(product: Product, case_id: str) -> list[Path]:
    """What is on the disk of a case's attachments."""
    return sorted((product.settings.data_dir / "attachments" / case_id).glob("*"))
