"""The versions of the service standards: what they say, how they differ, and which cases follow them."""

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import Engine, and_, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.case.kernel import Actor
from models.policy import Policy
from models.tables import CaseRow, PolicyVersion
from models.views.policies import PolicyChange, PolicyDiff, PolicyLine, PolicyView
from services.access import readable
from services.errors import NotFound
from services.supervised import OPEN


class PolicyReader:
    """The versions that this installation has loaded, and those that cases within one's scope follow."""

    def __init__(self, engine: Engine, loaded: tuple[Policy, ...]) -> None:
        self._engine = engine
        self._loaded = {policy.ref: policy for policy in loaded}

    def policies(self, actor: Actor) -> list[PolicyLine]:
        """Those loaded and those followed by cases that one may read, by id and version."""
        with Session(self._engine) as session:
            counts = _open_cases(session, actor)
            stored = session.exec(_followed(actor).order_by(col(PolicyVersion.published_at))).all()
        documents = {row.ref: Policy.model_validate_json(row.document) for row in stored}
        lines: list[PolicyLine] = []
        for policy in (documents | self._loaded).values():
            rows = [row for row in stored if row.ref == policy.ref]
            digests = [row.digest for row in rows]
            if policy.ref in self._loaded and policy.digest_of_content not in digests:
                digests.append(policy.digest_of_content)
            lines.append(
                PolicyLine(
                    ref=policy.ref,
                    title=policy.title,
                    provinces=policy.provinces,
                    cohorts=policy.cohorts,
                    loaded=policy.ref in self._loaded,
                    digests=tuple(digests),
                    first_used_at=rows[0].published_at if rows else None,
                    open_cases=counts.get(policy.ref, 0),
                )
            )
        return sorted(lines, key=lambda line: (line.ref.partition("@")[0], int(line.ref.partition("@")[2])))

    def policy(self, actor: Actor, ref: str) -> PolicyView:
        """One version with its document. Raises NotFound (`policy_unknown`)."""
        document = self._document(actor, ref).model_dump(mode="json")
        line = next(line for line in self.policies(actor) if line.ref == ref)
        return PolicyView(**line.model_dump(), document=document)

    def diff(self, actor: Actor, old: str, new: str) -> PolicyDiff:
        """What differs from `old` to `new`. Raises NotFound (`policy_unknown`)."""
        left, right = (self._document(actor, ref).model_dump(mode="json") for ref in (old, new))
        return PolicyDiff(old=old, new=new, changes=list(_changes(left, right, "")))

    def _document(self, actor: Actor, ref: str) -> Policy:
        if ref in self._loaded:
            return self._loaded[ref]
        query = _followed(actor).where(PolicyVersion.ref == ref)
        with Session(self._engine) as session:
            row = session.exec(query.order_by(col(PolicyVersion.published_at).desc())).first()
        if row is None:
            raise NotFound(
                "policy_unknown",
                "没有该版本的服务标准。",
                "There is no such version of the service standards.",
            )
        return Policy.model_validate_json(row.document)


def _followed(actor: Actor) -> SelectOfScalar[PolicyVersion]:
    """The documents that cases within one's scope follow: those of another school are its own."""
    digests = select(col(CaseRow.policy_digest)).where(readable(actor))
    return select(PolicyVersion).where(col(PolicyVersion.digest).in_(digests))


def _open_cases(session: Session, actor: Actor) -> dict[str, int]:
    ref = col(CaseRow.policy_ref)
    query = select(ref, func.count()).where(and_(readable(actor), OPEN)).group_by(ref)
    return dict(session.exec(query).all())


def _changes(old: Any, new: Any, path: str) -> Iterator[PolicyChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        left, right = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        for name in dict.fromkeys((*left, *right)):
            place = f"{path}.{name}" if path else name
            if name not in right:
                yield PolicyChange(path=place, kind="removed", old=left[name], new=None)
            elif name not in left:
                yield PolicyChange(path=place, kind="added", old=None, new=right[name])
            else:
                yield from _changes(left[name], right[name], place)
    elif old != new:
        yield PolicyChange(path=path, kind="changed", old=old, new=new)
