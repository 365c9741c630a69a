"""Real cases: what becomes of them with the folder, with a part of it, and without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Inner
from corpus import rows

HERE = str(Path(__file__).parent)
SUITE = """
import pathlib
import pytest
from corpus import rows

@pytest.mark.parametrize("row", rows("some.jsonl", pathlib.Path("corpus")))
def test_one(row):
    if row["id"] == "b":
        pytest.skip("not for this test")

@pytest.mark.parametrize("row", rows("some.jsonl", pathlib.Path("corpus")))
def test_other(row):
    assert row["id"] != "a"
"""


@pytest.fixture
def suite(inner: Inner) -> Inner:
    """Deliver inner runs of a suite whose tests want rows."""
    inner.pytester.makepyfile(SUITE)
    # A worker has the path that its controller began with, and the plugin is not on that.
    inner.pytester.makeconftest(f"import sys; sys.path.append({HERE!r}); pytest_plugins = ['corpus']")
    return inner


def test_every_row_is_a_parameter(tmp_path: Path) -> None:
    """A file's rows are handed to the test under their ids; empty lines are none."""
    (tmp_path / "some.jsonl").write_text('{"id": "a"}\n\n{"id": "b"}\n', encoding="utf-8")
    assert [(each.id, each.values) for each in rows("some.jsonl", tmp_path)] == [
        ("a", ({"id": "a"},)),
        ("b", ({"id": "b"},)),
    ]


def test_a_missing_or_empty_file_is_an_error(tmp_path: Path) -> None:
    """A folder that lacks a file or holds an empty one does not pass for one whose cases ran."""
    with pytest.raises(FileNotFoundError, match=r"some\.jsonl"):
        rows("some.jsonl", tmp_path)
    (tmp_path / "some.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"some\.jsonl is empty"):
        rows("some.jsonl", tmp_path)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_the_cases_that_ran_are_counted(suite: Inner, workers: tuple[str, ...]) -> None:
    """The summary counts each row once that any test ran with, whether it held or not."""
    folder = suite.pytester.mkdir("corpus")
    (folder / "some.jsonl").write_text('{"id": "a"}\n{"id": "b"}\n{"id": "c"}\n', encoding="utf-8")
    result = suite.run("--strict-markers", *workers)
    result.assert_outcomes(passed=4, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["real cases: 3 ran"])


def test_without_the_folder_none_ran_and_that_is_said(suite: Inner) -> None:
    """Whoever has no real cases reads why the tests were skipped, and that none ran."""
    result = suite.run("-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["real cases: 0 ran", "SKIPPED * no real cases: there is no ../shared/corpus *"])


def test_where_nothing_wants_real_cases_nothing_is_said(suite: Inner) -> None:
    """A run of other tests has no line about real cases."""
    suite.pytester.mkdir("corpus").joinpath("some.jsonl").write_text('{"id": "a"}\n', encoding="utf-8")
    suite.pytester.makepyfile(test_else="def test_else(): ...")
    result = suite.run("-k", "else")
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.no_fnmatch_line("real cases*")
