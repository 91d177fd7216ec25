"""The policy of access: for every role the permissions, the files and the fields of them (domain notes §8, §9)."""

from collections.abc import Iterable
from functools import cache, cached_property
from importlib import resources
from typing import Literal, Self, get_args

import yaml
from pydantic import model_validator

from models.base import Codes, Model
from models.case.kernel import Role


class Permission(Model):
    """Something that a route does. `machine`: whether an API token may carry it."""

    zh: str
    en: str
    machine: bool = True


Standing = Literal[
    "graduate",
    "mentor",
    "proposed_mentor",
    "counselor",
    "department_supervisor",
    "school_supervisor",
    "trainer",
    "break_glass",
]
"""How a reader stands to one file."""


class RoleAccess(Model):
    """What one role may do, and how it can stand to files, which are the rows of the ledger that it reads."""

    stands: frozenset[Standing]
    permissions: Codes


class AccessPolicy(Model):
    """The document `access.yaml`. Every role of people and every standing is named, and only known permissions
    and groups of fields."""

    permissions: dict[str, Permission]
    fields: dict[str, Codes]
    standings: dict[Standing, Codes]
    roles: dict[Role, RoleAccess]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        people = frozenset(Role) - {Role.SYSTEM}
        if frozenset(self.roles) != people:
            raise ValueError(f"the roles must be {sorted(people)}")
        for role, access in self.roles.items():
            unknown = access.permissions - frozenset(self.permissions)
            if unknown:
                raise ValueError(f"{role} has the unknown permissions {sorted(unknown)}")
        unused = frozenset(self.permissions).difference(*(item.permissions for item in self.roles.values()))
        if unused:
            raise ValueError(f"nobody has the permissions {sorted(unused)}")
        if frozenset(self.standings) != frozenset(get_args(Standing)):
            raise ValueError(f"the standings must be {sorted(get_args(Standing))}")
        unknown = frozenset[str]().union(*self.standings.values()) - frozenset(self.fields)
        if unknown:
            raise ValueError(f"no such groups of fields: {sorted(unknown)}")
        if len(self.group_of) != sum(len(names) for names in self.fields.values()):
            raise ValueError("a field stands in two groups")
        return self

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The group of each field by its name; one that is not named is masked for everybody."""
        return {name: group for group, names in self.fields.items() for name in names}

    def stands(self, role: Role) -> frozenset[Standing]:
        """How the role can stand to a file; in no way, for the case itself."""
        access = self.roles.get(role)
        return access.stands if access else frozenset()

    def plain(self, standings: Iterable[Standing]) -> frozenset[str]:
        """The groups that somebody with these standings sees plain."""
        return frozenset[str]().union(*(self.standings[standing] for standing in standings))

    def permissions_of(self, role: Role) -> frozenset[str]:
        """What the role may do; nothing for the case itself, which asks nobody."""
        access = self.roles.get(role)
        return access.permissions if access else frozenset()

    def for_tokens(self, role: Role) -> frozenset[str]:
        """What of it an API token may carry."""
        return frozenset(name for name in self.permissions_of(role) if self.permissions[name].machine)


@cache
def access_policy() -> AccessPolicy:
    """The policy, read once. Raises ValidationError where the document has an error."""
    source = resources.files("models.data").joinpath("access.yaml")
    return AccessPolicy.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
