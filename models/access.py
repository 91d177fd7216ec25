"""The policy of access: for every role the permissions and the rows of the ledger (domain notes §8)."""

from functools import cache
from importlib import resources
from typing import Literal, Self

import yaml
from pydantic import model_validator

from models.base import Codes, Model
from models.case.kernel import Role

Rows = Literal["own", "department", "school", "file", "none"]


class Permission(Model):
    """Something that a route does. `machine`: whether an API token may carry it."""

    zh: str
    en: str
    machine: bool = True


class RoleAccess(Model):
    """What one role may do, and which rows of the ledger it reads."""

    rows: Rows
    permissions: Codes


class AccessPolicy(Model):
    """The document `access.yaml`. Every role of people is named, and only known permissions."""

    permissions: dict[str, Permission]
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
        return self

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
