"""The real cases that lie beside the checkout, where they do; their rows are not copied into the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def rows(name: str, folder: Path = FOLDER) -> list[Any]:
    """Return a file's rows as parameters, named by id; without the folder one parameter that is skipped and says so.

    A folder that lacks the file, or holds an empty one, is an error: it would look like a folder whose cases ran.
    """
    if not folder.is_dir():
        absent = pytest.mark.skip(reason="no real cases: there is no ../shared/corpus beside the checkout")
        return [pytest.param(None, id="absent", marks=[pytest.mark.real_case, absent])]
    text = (folder / name).read_text(encoding="utf-8")
    read = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not read:
        raise ValueError(f"{folder / name} is empty")
    return [pytest.param(row, id=row["id"], marks=pytest.mark.real_case) for row in read]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark by which real cases are counted."""
    config.addinivalue_line("markers", "real_case: the parameter is a row of ../shared/corpus")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many real cases ran, none included, wherever a test that wants them was selected."""
    ended = [each for found in terminalreporter.stats.values() for each in found if isinstance(each, pytest.TestReport)]
    concerned = [report for report in ended if "real_case" in report.keywords]
    ran = {report.nodeid.partition("[")[2] for report in concerned if report.when == "call" and not report.skipped}
    if concerned:
        terminalreporter.write_line(f"real cases: {len(ran)} ran")
