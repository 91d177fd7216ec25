"""What a file is by its content; its name is only repeated in messages."""

from collections.abc import Iterator
from typing import BinaryIO, Literal

from models.roster.problems import RosterRefused, refused

_CHUNK = 64 * 1024
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# The stream in which an OLE2 container holds an encrypted workbook [MS-OFFCRYPTO 2.3.4.4].
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# First bytes of what people upload by mistake.
_OTHER_TYPES = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"{\\rtf", "RTF"),
    (b"PK", "ZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
)


def kind_of_file(stream: BinaryIO, filename: str) -> Literal["csv", "xlsx"]:
    """`xlsx` for a zip archive, `csv` for text.

    Raises `RosterRefused` with `encrypted_workbook` or `unsupported_file_type`.
    """
    stream.seek(0)
    head = stream.read(4096)
    if head.startswith(_ZIP):
        return "xlsx"
    if head.startswith(_OLE2):
        if _holds(stream, _ENCRYPTED_PACKAGE):
            raise refused("encrypted_workbook")
        raise unsupported(filename, "Excel 97–2003 .xls")
    for start, name in _OTHER_TYPES:
        # A text may begin with BM; a picture holds zero bytes soon after.
        if head.startswith(start) and (name != "BMP" or b"\0" in head):
            raise unsupported(filename, name)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise unsupported(filename, "HTML/XML")
    if not head.startswith(_UTF_16_MARKS) and _holds(stream, b"\0"):
        raise unsupported(filename, "binary")
    return "csv"


def unsupported(filename: str, found: str) -> RosterRefused:
    """The refusal of a file that is neither text nor a workbook."""
    return refused("unsupported_file_type", found=f"{filename[:100]}: {found}")


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream from its start, 64 KiB at a time."""
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _holds(stream: BinaryIO, wanted: bytes) -> bool:
    tail = b""
    for chunk in chunks(stream):
        if wanted in tail + chunk:
            return True
        tail = chunk[-len(wanted) :]
    return False
