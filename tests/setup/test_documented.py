"""The documentation tells every setting, and none that does not exist."""

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices

from services.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(
    path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
)
NAMED = set(re.findall(r"`([A-Z][A-Z_]+)", DOCS))
# No settings of an installation: a session's token, of the command line; where `make cluster` keeps its own; what
# the compose file is filled in with.
OTHERS = {
    "ZHUHANG_DEMO",
    "ZHUHANG_TOKEN",
    "ZHUHANG_CLUSTER_DIR",
    "ZHUHANG_DOMAIN",
    "ZHUHANG_IMAGE",
    "ZHUHANG_SECRETS",
    "ZHUHANG_TEMPORAL_SHARDS",
}


def variable(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"ZHUHANG_{field.upper()}"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_setting_is_told(field: str) -> None:
    assert variable(field) in NAMED


def test_no_document_names_a_setting_that_is_none() -> None:
    known = {variable(field) for field in Settings.model_fields} | OTHERS
    named = set(re.findall(r"\bZHUHANG_[A-Z_]*[A-Z]\b", DOCS))
    assert named - known == set()
