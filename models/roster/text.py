"""Normalising what people and spreadsheets leave in cells, and guarding what goes back to them."""

import re

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: ord(" ")}
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML and with it workbooks cannot hold: control characters but tab and line ends, halves of surrogate pairs,
non-characters. PostgreSQL refuses the first of them, UTF-8 the second."""

# Zero-width and directional marks, soft hyphen, byte order mark, lone surrogates, non-characters, and control
# characters but tab and line feed.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\ud800-\udfff\ufeff\ufffe\uffff]"
    "|_x000[dD]_"
)
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029")
_APOSTROPHES = "'’‘`"


def half_width(text: str) -> str:
    """Full-width digits, letters and punctuation become their ASCII twins: Ａ１（ is A1(."""
    return text.translate(_FULL_WIDTH)


def clean(text: str) -> str:
    """Text without what nobody can see: outer spaces, zero-width and control characters, and one leading
    apostrophe, which spreadsheets (and our own exports) put before text that must stay text."""
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).strip()
    return text[1:].strip() if text.startswith("'") else text


def compact(text: str) -> str:
    """A number or code as it was meant: half-width, without any space, any leading apostrophe, the `="…"`
    with which exports keep zeros, or the `.0` that a table tool added to a whole number."""
    text = "".join(half_width(clean(text)).split()).lstrip(_APOSTROPHES)
    if kept := re.fullmatch(r'="([^"]*)"', text):
        text = kept.group(1)
    return re.sub(r"^(\d{4,})\.0+$", r"\1", text)


def is_spoiled_number(text: str) -> bool:
    """True for the scientific notation (1.1E+17) into which a spreadsheet turns a long number."""
    return re.fullmatch(r"\d(\.\d+)?[Ee]\+\d{1,3}|\d\.\d+[Ee]\d{1,3}", compact(text)) is not None
