"""What scikit-learn's own tests expect of pytest."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thread_unsafe: known to scikit-learn's own tests")


@pytest.fixture
def global_random_seed() -> int:
    return 42
