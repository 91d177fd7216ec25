"""Files that go back to people must not run formulas in their spreadsheet."""

# A leading apostrophe is guarded as well: reading back takes one away and must find the text unchanged.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_GUARDED = (*FORMULA_STARTS, "'")


def guard_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not calculate: an apostrophe goes before = + - @ tab and CR.

    `models.roster.text.clean` takes the apostrophe away again, so an export imports back unchanged.
    """
    return f"'{text}" if text.startswith(_GUARDED) else text


def begins_formula(text: str) -> bool:
    """True if a spreadsheet may take the text for a formula."""
    return text.startswith(FORMULA_STARTS)
