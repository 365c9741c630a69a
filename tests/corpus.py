"""The real cases that lie beside the checkout, where they do; their rows are not copied into the project."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def rows(name: str) -> list[Any]:
    """Return a file's rows as parameters, named by id; without the file one parameter that says so.

    With ``ACR_REQUIRE_CORPUS`` set, as in CI, a missing file fails instead of being skipped.
    """
    path = FOLDER / name
    if path.is_file():
        read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [pytest.param(row, id=row["id"]) for row in read]
    if os.environ.get("ACR_REQUIRE_CORPUS"):
        raise FileNotFoundError(f"{name} must lie in ../shared/corpus beside the checkout: ACR_REQUIRE_CORPUS is set")
    return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=f"no {name} beside the checkout"))]
