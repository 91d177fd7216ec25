"""Numbers of a workbook as its reader sees them: leading zeros, dates and months come from the number format."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from zipfile import ZipFile

from openpyxl.styles.numbers import builtin_format_code, is_date_format
from openpyxl.xml.constants import ARC_STYLE
from openpyxl.xml.functions import fromstring

from models.base import Model

# Formats that ECMA-376 (18.8.30) leaves to the language; these are the dates and months of zh-CN.
_CHINESE_MONTHS = (27, 36, 50, 52, 57)
_CHINESE_DATES = (28, 29, 30, 31, 51, 53, 54, 58)

# A spreadsheet keeps 15 significant digits; what is longer has lost its end.
_EXACT_BELOW = 10**15


class NumberFormat(Model):
    """How a number is shown: as it is, as a date, as a month, padded with zeros, or with fixed decimals."""

    shows: Literal["number", "date", "month", "padded", "decimals"] = "number"
    width: int = 0


class NumberFormats:
    """The number formats of a workbook's cell styles; `epoch` is its day 0."""

    def __init__(self, by_style: list[NumberFormat], epoch: datetime) -> None:
        self._by_style = by_style
        self._epoch = epoch

    def text(self, value: str, style: int) -> str:
        """The number as text. One of more than 15 digits comes out in scientific notation, since its last
        digits are lost, so that checks of numbers know it for spoiled."""
        number_format = self._by_style[style] if style < len(self._by_style) else NumberFormat()
        number = float(value)
        match number_format.shows:
            case "date" | "month":
                return self._date_text(number, number_format.shows == "month")
            case "padded" if number.is_integer() and 0 <= number < _EXACT_BELOW:
                return str(int(number)).zfill(number_format.width)
            case "decimals" if abs(number) < _EXACT_BELOW:
                return f"{number:.{number_format.width}f}"
            case _:
                return _number_text(number)

    def _date_text(self, number: float, month_only: bool) -> str:
        try:
            moment = self._epoch + timedelta(seconds=round(number * 86400))
        except (OverflowError, ValueError):
            return _number_text(number)
        if month_only:
            return f"{moment:%Y-%m}"
        return str(moment).removesuffix(" 00:00:00")


def _number_text(number: float) -> str:
    if abs(number) >= _EXACT_BELOW:
        return f"{number:.5E}"
    return str(int(number)) if number.is_integer() else f"{number:.15g}"


def read_number_formats(archive: ZipFile, epoch: datetime) -> NumberFormats:
    """The formats of `styles.xml`; a workbook without styles shows every number as it is."""
    if ARC_STYLE not in archive.namelist():
        return NumberFormats([], epoch)
    custom: dict[int, str] = {}
    by_style: list[NumberFormat] = []
    for group in fromstring(archive.read(ARC_STYLE)):
        name = group.tag.rpartition("}")[2]
        if name == "numFmts":
            custom = {int(each.get("numFmtId", "0")): each.get("formatCode", "") for each in group}
        elif name == "cellXfs":
            by_style = [_number_format(int(each.get("numFmtId", "0")), custom) for each in group]
    return NumberFormats(by_style, epoch)


def _number_format(format_id: int, custom: Mapping[int, str]) -> NumberFormat:
    if format_id not in custom and format_id in _CHINESE_MONTHS:
        return NumberFormat(shows="month")
    if format_id not in custom and format_id in _CHINESE_DATES:
        return NumberFormat(shows="date")
    code = custom.get(format_id) or builtin_format_code(format_id) or "General"
    if is_date_format(code):
        bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code.split(";")[0]).lower()
        return NumberFormat(shows="month" if "y" in bare and "d" not in bare else "date")
    if re.fullmatch("00+", code):
        return NumberFormat(shows="padded", width=len(code))
    if decimals := re.fullmatch(r"0\.(0+)", code):
        return NumberFormat(shows="decimals", width=len(decimals[1]))
    return NumberFormat()
