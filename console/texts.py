"""What the pages say, in the language of the person in front of them. Catalogues are gettext's; the words of the
domain (commands, fields, stages) are `models.views.vocabulary`'s."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.pofile import read_po
from nicegui import context

Language = Literal["zh", "en"]
LANGUAGES: Mapping[Language, str] = {"zh": "中文", "en": "English"}
COOKIE = "zhuhang_language"
ZONE = ZoneInfo("Asia/Shanghai")
_LOCALES: Mapping[Language, str] = {"zh": "zh_CN", "en": "en_GB"}


class Bilingual(Protocol):
    """Something said in both languages."""

    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


@cache
def _catalogue() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(
        resources.files("console").joinpath("locale/zh").iterdir(), key=lambda item: item.name
    ):
        if file.name.endswith(".po"):
            with file.open("rb") as source:
                found |= {
                    str(entry.id): str(entry.string) for entry in read_po(source) if entry.id and entry.string
                }
    return found


def other_than(chosen: Language) -> Language:
    """The other language."""
    return "en" if chosen == "zh" else "zh"


def language_of(cookies: Mapping[str, str]) -> Language:
    """Chinese, unless the browser was told otherwise."""
    return "en" if cookies.get(COOKIE) == "en" else "zh"


def language() -> Language:
    """The language of the page that is being built or acted on."""
    return language_of(context.client.request.cookies)


def _(text: str, /, **values: object) -> str:
    """The text in the language of the page, with `{names}` filled in."""
    return text_in(language(), text, **values)


def text_in(chosen: Language, text: str, /, **values: object) -> str:
    """The same where there is no page."""
    said = _catalogue().get(text, text) if chosen == "zh" else text
    return said.format_map(values) if values else said


def say(text: Bilingual) -> str:
    """What the domain or the API says in both languages."""
    return text.zh if language() == "zh" else text.en


def moment(at: datetime) -> str:
    """An instant as people here write it, to the minute."""
    return format_datetime(at.astimezone(ZONE), "yyyy-MM-dd HH:mm", locale=_LOCALES[language()])


def day(on: date) -> str:
    """A date with its day of the week."""
    return format_date(on, "yyyy-MM-dd EEE", locale=_LOCALES[language()])


def ago(at: datetime) -> str:
    """How long ago, or until when: `3天前`."""
    apart = at - datetime.now(UTC)
    if abs(apart) < timedelta(minutes=1):
        return _("just now")
    return format_timedelta(
        apart, granularity="minute", add_direction=True, threshold=1.2, locale=_LOCALES[language()]
    )
