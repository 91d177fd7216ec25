"""The proof of a case's past: a chained hash, which also covers the texts that the state does not keep."""

from __future__ import annotations

import hashlib
import json

from models.base import Model
from models.case.kernel import Stamp


class Chain(Model):
    """`digest` depends on each event after the version `after`, on their order and on every word in them."""

    after: int
    digest: str = ""

    def followed_by(self, item: Stamp, kind: str) -> Chain:
        """The chain with one more event, of the type `kind`."""
        # Without defaults, so that a field which a later version adds leaves what has happened as it was.
        content = json.dumps(item.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
        link = hashlib.sha256(f"{self.digest} {kind} {content}".encode())
        return Chain(after=self.after, digest=link.hexdigest())
