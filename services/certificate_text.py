"""The certificate of erasure as a page to print, in Chinese and English."""

from datetime import datetime
from functools import cache
from html import escape
from importlib import resources

import yaml

from models.base import Model
from models.calendar import Calendar
from models.views.erasure import CertificateView
from models.views.wording import Text


class CertificateWords(Model):
    """The texts of `certificate.yaml`."""

    title: Text
    lines: dict[str, Text]
    grounds: dict[str, Text]
    endings: dict[str, Text]
    remains: dict[str, Text]
    genuine: Text
    changed: Text
    running: Text


@cache
def words() -> CertificateWords:
    """The texts, read once."""
    source = resources.files("models.data").joinpath("texts/certificate.yaml")
    return CertificateWords.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def certificate_html(certificate: CertificateView, school_name: str) -> str:
    """A page without scripts or styles of others."""
    text = words()
    rows = "".join(
        f"<tr><th>{_both(text.lines[name])}</th><td>{escape(value)}</td></tr>"
        for name, value in _values(certificate, school_name).items()
    )
    title = _both(text.title)
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><table>{rows}</table></body></html>"
    )


def _values(certificate: CertificateView, school_name: str) -> dict[str, str]:
    text = words()
    remains = [_said(text.remains, name) for name in certificate.remains]
    return {
        "number": certificate.number,
        "school": f"{school_name} ({certificate.school_id})",
        "case_id": certificate.case_id,
        "ground": _said(text.grounds, certificate.ground),
        "requested": f"{certificate.requested_by}, {_time(certificate.requested_at)}",
        "approved": f"{certificate.approved_by}, {_time(certificate.decided_at)}",
        "ending": _said(text.endings, certificate.ending),
        "retention": f"{_time(certificate.kept_since)} – {_time(certificate.retention_ends_at)}",
        "policy_ref": certificate.policy_ref,
        "key": f"{certificate.key_id or '–'}, {_time(certificate.key_destroyed_at)}",
        "removed": ", ".join(f"{table}: {count}" for table, count in certificate.removed.items()),
        "remains": "; ".join(remains),
        "backups": _time(certificate.backups_until),
        "completed": _time(certificate.completed_at),
        "mac": _plain(_stands(certificate)),
    }


def _stands(certificate: CertificateView) -> Text:
    text = words()
    if certificate.genuine is None:
        return text.running
    return text.genuine if certificate.genuine else text.changed


def _said(table: dict[str, Text], name: str) -> str:
    return _plain(table[name]) if name in table else name


def _plain(text: Text) -> str:
    return f"{text.zh} · {text.en}"


def _both(text: Text) -> str:
    return escape(_plain(text))


def _time(moment: datetime | None) -> str:
    return "–" if moment is None else moment.astimezone(Calendar().zone).strftime("%Y-%m-%d %H:%M:%S %z")
