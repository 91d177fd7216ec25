"""QR codes."""

import segno


def picture_of(text: str) -> str:
    """The text as an SVG to stand in a page, dark on light in every theme, since scanners expect it so."""
    return segno.make(text, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")
