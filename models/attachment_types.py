"""What an attachment is, by its content: a table of first bytes, and a look into Office documents."""

from functools import cache
from importlib import resources
from typing import BinaryIO
from zipfile import ZipFile

import yaml

from models.base import Model

_HEAD = 64
_MANIFEST = "[Content_Types].xml"
# A manifest names each part once; those of real documents have a few kilobytes.
_MANIFEST_BYTES = 1024 * 1024
_ENCRYPTED = 0x1
# Parts by which a document does something by itself.
_RUNNING_PARTS = ("vbaproject.bin", "vbadata.xml", "/activex/", "/macrosheets/", "/dialogsheets/")


class AttachmentType(Model):
    """A type that is taken. `shown`: browsers show it, else it is only taken away; the rest see the table's head."""

    media_type: str
    extension: str
    shown: bool
    starts: tuple[tuple[tuple[int, str], ...], ...]
    package: str | None = None

    def begins(self, head: bytes) -> bool:
        """Whether a file with these first bytes may be one."""
        return any(
            all(head[at:].startswith(bytes.fromhex(wanted)) for at, wanted in parts) for parts in self.starts
        )


@cache
def attachment_types() -> tuple[AttachmentType, ...]:
    """All types that are taken."""
    source = resources.files("models.data").joinpath("codes/attachment_types.yaml")
    table = yaml.safe_load(source.read_text(encoding="utf-8"))
    return tuple(AttachmentType.model_validate(item) for item in table["types"])


def is_shown(media_type: str) -> bool:
    """Whether browsers show files of this type by themselves."""
    return any(item.shown for item in attachment_types() if item.media_type == media_type)


def extension_of(media_type: str) -> str:
    """The extension by which machines know files of this type."""
    return next(item.extension for item in attachment_types() if item.media_type == media_type)


def type_of(file: BinaryIO) -> AttachmentType | None:
    """The type of a file; None for what is not taken, such as anything that carries script or macros."""
    file.seek(0)
    head = file.read(_HEAD)
    found = [item for item in attachment_types() if item.begins(head)]
    if any(item.package for item in found):
        main = _main_parts(file)
        found = [item for item in found if item.package in main]
    return found[0] if found else None


def _main_parts(file: BinaryIO) -> frozenset[str]:
    """The content types that the manifest of an Office document names; none where it is damaged or encrypted, or
    runs something by itself."""
    try:
        with ZipFile(file) as archive:
            if any(_runs(part.filename) or part.flag_bits & _ENCRYPTED for part in archive.infolist()):
                return frozenset()
            with archive.open(_MANIFEST) as manifest:
                text = manifest.read(_MANIFEST_BYTES).decode("utf-8")
    except Exception:
        return frozenset()
    # The document says it in quotes of either kind.
    named = frozenset(text.replace("'", '"').split('"'))
    return frozenset() if any("macroenabled" in item.lower() for item in named) else named


def _runs(part: str) -> bool:
    name = "/" + part.lower().replace("\\", "/")
    return any(sign in name for sign in _RUNNING_PARTS)
