"""The built-in standards, loaded once."""

import pytest

from models.policy import Policy
from services.policies import load_policies


@pytest.fixture(scope="session")
def national() -> Policy:
    (policy,) = load_policies()
    return policy
