"""What several tests of the tools need."""

import pytest

from tools import kernels


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """The surroundings of a build, put back after the test."""
    for name, value in kernels.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
