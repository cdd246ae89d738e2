"""Marks the closed forms that also run with the sanitized program: short, and between them through every plane."""
from __future__ import annotations

import pytest

SANITIZED = ("test_adversary.py", "test_reputation.py", "test_verification.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "closed_forms" and item.path.name in SANITIZED:
            item.add_marker(pytest.mark.sanitized)
