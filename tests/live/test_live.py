"""A real registry beside the emulator: the climb, and one test for each request. Nothing runs without ``--live``."""

from __future__ import annotations

import pytest


def test_climb(findings):
    """The registry is ready for the identity, and the climb goes as it does in the emulator."""
    if lines := findings.different.get("climb"):
        pytest.fail("\n".join(filter(None, (*lines, findings.explained))), pytrace=False)


def test_answer(findings, request_id):
    """The emulator answers the request as the registry does."""
    if request_id in findings.not_asked:
        pytest.skip(f"not asked: {findings.not_asked[request_id]}")
    if lines := findings.different.get(request_id):
        pytest.fail("\n".join(lines), pytrace=False)
