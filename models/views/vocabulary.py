"""The words in which screens name things, in Chinese and English: commands, fields, values, events."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

import yaml
from pydantic import Field

from models.base import Model
from models.codes import destinations, evidence_types, service_types
from models.hardship import hardship_types
from models.roster.codes import person_codes
from models.views.wording import Text, wording

_PERSON_TABLES: Mapping[str, str] = {
    "sex": "sexes",
    "education_level": "education_levels",
    "ethnicity": "ethnicities",
}


class Term(Text):
    """A name; `help` says in one sentence what the name does not."""

    help: Text | None = None


class Words(Model):
    """Labels of fields, and of their values by field."""

    fields: dict[str, Term] = Field(default_factory=dict[str, Term])
    choices: dict[str, dict[str, Text]] = Field(default_factory=dict[str, dict[str, Text]])


class OwnedWords(Words):
    """What differs for some owners: types of commands and events, or fields that hold a nested value."""

    owners: tuple[str, ...]


class Vocabulary(Words):
    """The texts of `vocabulary.yaml`, `fields.yaml` and the code tables. What has no name here is called by itself.

    `owner` is the type of a command or event, or the field that holds a nested value (`evidence`, `measures`), or
    one of `class`, `import`, `import_row`, `overview`, `staff` for the lines of lists.
    """

    commands: dict[str, Term]
    events: dict[str, Text]
    stages: dict[str, Text]
    roles: dict[str, Text]
    owned: tuple[OwnedWords, ...]

    def command(self, type_: str) -> Text:
        """What a person may do: `登记联系记录`."""
        return _named(self.commands, type_)

    def command_help(self, type_: str) -> Text | None:
        """One sentence on a command, where its name does not say it all."""
        term = self.commands.get(type_)
        return term.help if term else None

    def event(self, type_: str) -> Text:
        """What happened, as the timeline puts it: `登记了联系记录`."""
        return _named(self.events, type_)

    def field(self, name: str, owner: str = "") -> Text:
        """The label of a field."""
        return self._term(name, owner) or Text(zh=name, en=name)

    def field_help(self, name: str, owner: str = "") -> Text | None:
        """One sentence on a field, where its label does not say it all."""
        term = self._term(name, owner)
        return term.help if term else None

    def choice(self, field: str, value: str, owner: str = "") -> Text:
        """What a value of a field is called; of yes and no by `"true"` and `"false"`. Codes of the code tables
        and names of fields (as in `disclose`) are named too."""
        own = (words.choices.get(field, {}) for words in self.owned if owner in words.owners)
        for texts in (*own, self.choices.get(field, {})):
            if value in texts:
                return texts[value]
        table = self._tables().get(f"{owner}.{field}") or self._tables().get(field)
        if table is not None:
            return table(value)
        if field in _PERSON_TABLES:
            entries = person_codes()[_PERSON_TABLES[field]].entries
            return _named({entry.code: _text(entry.zh, entry.en) for entry in entries}, value)
        return _named(self.choices["bool"], value)

    def stage(self, stage: str) -> Text:
        """Where a case stands."""
        return _named(self.stages, stage)

    def role(self, role: str) -> Text:
        """Who somebody is (domain notes §8)."""
        return _named(self.roles, role)

    def service(self, service_type: str) -> Text:
        """A service, by its code."""
        return _named({row.id: _text(row.zh, row.en) for row in service_types()}, service_type)

    def hardship(self, type_: str) -> Text:
        """A hardship type, by its id."""
        return _named({row.id.value: _text(row.zh, row.en) for row in hardship_types().types}, type_)

    def destination(self, code: str) -> Text:
        """A destination, by its code."""
        return _named({row.code: _text(row.zh, row.en) for row in destinations()}, code)

    def evidence(self, id_: str) -> Text:
        """A kind of evidence, by its id."""
        return _named({row.id: _text(row.zh, row.en) for row in evidence_types()}, id_)

    def _ending(self, value: str) -> Text:
        texts = self.choices["reason"]
        return texts[value] if value in texts else _named(self.stages, value)

    def _term(self, name: str, owner: str) -> Term | None:
        own = (words.fields.get(name) for words in self.owned if owner in words.owners)
        return next((term for term in own if term), self.fields.get(name))

    def _tables(self) -> dict[str, Callable[[str], Text]]:
        return {
            "service_type": self.service,
            "services.type": self.service,
            "item": self.service,
            "types": self.service,
            "primary_type": self.hardship,
            "hardship_types": self.hardship,
            "hardship_types.type": self.hardship,
            "hardship.type": self.hardship,
            "declared.type": self.hardship,
            "code": self.destination,
            "destination_code": self.destination,
            "evidence.type": self.evidence,
            "ending": self._ending,
            "destination_status": lambda value: self.choice("status", value),
            "stage": self.stage,
            "role": self.role,
            "actor_role": self.role,
            "clock": lambda value: _named({**wording().clocks}, value),
            "next_due_clock": lambda value: _named({**wording().clocks}, value),
            "rung": lambda value: _named({**wording().rungs}, value),
            "disclose": self.field,
            "fields": self.field,
            "field": self.field,
            "masked": self.field,
        }


@cache
def vocabulary() -> Vocabulary:
    """The texts, read once."""
    folder = resources.files("models.data").joinpath("texts")
    parts = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("vocabulary.yaml", "fields.yaml"))
    return Vocabulary.model_validate(
        {key: value for part in parts for key, value in yaml.safe_load(part).items()}
    )


def _named(texts: dict[str, Text] | dict[str, Term], name: str) -> Text:
    return texts.get(name) or Text(zh=name, en=name)


def _text(zh: str, en: str) -> Text:
    """A name of a code table, whose English begins with a small letter."""
    return Text(zh=zh, en=en[:1].upper() + en[1:])
