"""Each test starts with fresh rate limits."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_rate_limits(own_files: None) -> None:
    """Forget the logins that other tests counted against this machine's address."""
    cache.clear()
