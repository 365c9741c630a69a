"""Which tests always run, and which are thorough: broad or slow, and run where somebody asks for them.

`thorough` marks a test that is slow whatever it is given; `broad(of=N)` one of many alike, of whose cases the first
and about every Nth always run, each time the same. ``--thorough`` says what becomes of the rest. What somebody names
runs in any case.
"""

from __future__ import annotations

import re
from zlib import crc32

import pytest

_PART = re.compile(r"(?P<number>[1-9]\d?)/(?P<of>[1-9]\d?)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.addoption(
        "--thorough",
        metavar="none|all|only|N/M",
        help="tests that are broad or slow: leave them out (default, unless tests are named), run them as well, run "
        "nothing else, or nothing but the Nth of M parts of them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and refuse an option that says nothing."""
    config.addinivalue_line("markers", "thorough: slow, and left out unless --thorough asks for it")
    config.addinivalue_line("markers", "broad(of): but for the first and about one of so many, its cases are thorough")
    asked = config.getoption("thorough")
    part = _PART.fullmatch(asked or "")
    if asked not in {None, "none", "all", "only"} and not (part and int(part["number"]) <= int(part["of"])):
        raise pytest.UsageError(f"--thorough {asked}: write none, all, only, or a part such as 1/4")


def is_thorough(item: pytest.Item) -> bool:
    """Whether a test runs only where somebody asks for it."""
    if item.get_closest_marker("thorough") is not None:
        return True
    broad = item.get_closest_marker("broad")
    if broad is None or not any(item.callspec.indices.values()):  # type: ignore[attr-defined]
        return False
    return bool(crc32(item.nodeid.encode()) % broad.kwargs["of"])


def _wanted(item: pytest.Item, asked: str) -> bool:
    if asked in {"none", "only"}:
        return is_thorough(item) is (asked == "only")
    if (part := _PART.fullmatch(asked)) is None:
        return True
    return is_thorough(item) and crc32(item.nodeid.encode()) // 64 % int(part["of"]) == int(part["number"]) - 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for."""
    named = config.option.keyword or config.getoption("lf", default=False) or any("::" in each for each in config.args)
    asked = config.getoption("thorough") or ("all" if named else "none")
    kept = [item for item in items if _wanted(item, asked)]
    config.hook.pytest_deselected(items=[item for item in items if not _wanted(item, asked)])
    items[:] = kept
