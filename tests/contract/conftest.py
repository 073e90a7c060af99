"""Lets the suite's assertions explain themselves, although it is not a test file by name."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.contract.suite")
