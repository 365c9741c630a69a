"""What other plugins' reports get: rows of their environment, links to click, and a file that exists."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from conftest import Inner

ROWS = {
    "ACR registry": "myacr.azurecr.io",
    "ACR identity": "service-principal from AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET",
    "ACR cloud": "AzureCloud",
}
LINK = "https://learn.microsoft.com/"


class _Data(HTMLParser):
    """Finds the data from which the page of pytest-html is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "data-jsonblob" and value:
                self.found = json.loads(value)


def page(folder: Path) -> dict[str, Any]:
    """Return what a report of pytest-html shows."""
    parser = _Data()
    parser.feed(folder.joinpath("report.html").read_text())
    return parser.found


def links(rows: Any) -> Iterator[tuple[str, str]]:
    """Return the links of a test's rows, as a browser would follow them, with their words."""
    for row in rows:
        for address, words in re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', "".join(row["resultsTableRow"])):
            yield html.unescape(address), words


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_html(inner: Inner, workers: tuple[str, ...]) -> None:
    """The environment says who was checked, and a failed row has a link to what documents it; others have none."""
    inner.pytester.makepyfile(
        "def test_requires(acr): acr.require()\ndef test_foreign(): assert not 'AADSTS7000215: Invalid client secret'"
    )
    inner.emulate("exchange-no-role", "--html=report.html", "--self-contained-html", *workers)
    shown = page(inner.pytester.path)
    assert ROWS.items() <= shown["environment"].items()
    linked = {name.rpartition("::")[2].partition("[")[0]: dict(links(rows)) for name, rows in shown["tests"].items()}
    assert {name for name, found in linked.items() if found} == {"exchange", "test_requires", "test_foreign"}
    for name in ("exchange", "test_requires"):
        ((address, words),) = linked[name].items()
        assert address.startswith(LINK)
        assert words == "exchange-no-role"


def test_html_of_several_causes(inner: Inner) -> None:
    """Two causes that one page documents have one link; a test's own links stay."""
    inner.pytester.makepyfile(
        """
        import pytest
        import pytest_html

        @pytest.mark.acr_ready
        def test_marked():
            pass

        def test_own(acr, extras):
            extras.append(pytest_html.extras.url("https://own.example/", name="mine"))
            acr.require()
        """
    )
    asked = ("--acr-registry", "myacr,otheracr", "--acr-checks", "none")
    inner.emulate("exchange-no-role", "--html=report.html", "--self-contained-html", *asked)
    tests = page(inner.pytester.path)["tests"]
    for name, rows in tests.items():
        words = sorted({words for _, words in links(rows)})
        assert words == (["exchange-no-role"] if "test_marked" in name else ["exchange-no-role", "mine"])


@pytest.mark.skipif(find_spec("pytest_jsonreport") is None, reason="pytest-json-report is not installed")
def test_json_report(inner: Inner) -> None:
    """The environment of pytest-json-report says who was checked; each failed test carries its properties."""
    inner.emulate("exchange-no-role", "--json-report", "--json-report-file=report.json")
    found = json.loads(inner.pytester.path.joinpath("report.json").read_text())
    assert ROWS.items() <= found["environment"].items()
    (failed,) = [each for each in found["tests"] if each["outcome"] == "failed"]
    properties = {name: value for each in failed["user_properties"] for name, value in each.items()}
    assert properties["acr_id"] == "exchange-no-role"
    assert failed["call"]["crash"]["message"].startswith("exchange-no-role: ")


def test_metadata_is_for_whoever_asks(inner: Inner) -> None:
    """The rows are where pytest-metadata documents them; named identities and clients are told."""
    inner.pytester.makepyfile(
        """
        def test_own(metadata):
            assert metadata["ACR registry"] == "myacr.azurecr.io"
            assert metadata["ACR identity"] == "mine = anonymous"
            assert metadata["ACR client"] == "docker"
        """
    )
    asked = ("--acr-auth", "mine=anonymous", "--acr-client", "docker", "--acr-checks", "none")
    inner.emulate("healthy", *asked).assert_outcomes(passed=1)


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    "absent", [("metadata",), ("html",), ("metadata", "html"), ("html", "json-report", "metadata")]
)
def test_without_them(inner: Inner, absent: tuple[str, ...]) -> None:
    """Without these plugins nothing of theirs is imported, and nothing is missed."""
    inner.pytester.makeconftest(
        """
        import sys
        def pytest_sessionfinish():
            print("imported", [name for name in ("pytest_html", "pytest_metadata.plugin") if name in sys.modules])
        """
    )
    names = tuple(part for name in absent for part in ("-p", f"no:{name}"))
    if "html" in absent:
        names += ("-p", "no:html_fixtures")
    if "metadata" in absent:  # the others want it
        names += ("-p", "no:html", "-p", "no:pytest_jsonreport", "-p", "no:json-report", "-p", "no:html_fixtures")
    asked = ("--acr-registry", "myacr", "--acr-emulate", "exchange-no-role", "-s", *names)
    result = inner.apart(*asked)
    assert result.parseoutcomes()["failed"] == 1
    gone = {"metadata": "pytest_metadata.plugin", "html": "pytest_html"}
    (line,) = [line for line in result.outlines if "imported" in line]
    assert not [name for name in absent if name in gone and gone[name] in line]


#: A plugin that shows failures beside the code, by what reports hold of them.
ANNOTATES = """
from pathlib import Path
from _pytest._code.code import ExceptionRepr

def pytest_runtest_logreport(report):
    if report.failed:
        assert isinstance(report.longrepr, ExceptionRepr)
        (entry,) = report.longrepr.reprtraceback.reprentries
        crash = report.longrepr.reprcrash
        assert (entry.reprfileloc.path, entry.reprfileloc.lineno) == (crash.path, crash.lineno)
        with Path("places.txt").open("a") as file:
            file.write(f"{crash.path}:{crash.lineno}:{crash.message}\\n")
"""


@pytest.mark.parametrize("has_file", [True, False], ids=["with a file", "without"])
def test_the_place_of_a_check(inner: Inner, has_file: bool) -> None:  # noqa: FBT001
    """A program that shows failures beside the code is shown a file that exists; the terminal shows what it did."""
    if not has_file:
        inner.pytester.path.joinpath("tox.ini").unlink()
    inner.pytester.syspathinsert()
    inner.pytester.makepyfile(annotates=ANNOTATES, test_own="def test_requires(acr):\n    acr.require()")
    asked = ("-p", "annotates", "-vv", "--rootdir", ".")
    result = inner.emulate("client-docker-missing", "--acr-client", "docker", *asked)
    assert "acr::client::docker FAILED" in result.stdout.str()
    inner.emulate("exchange-no-role", *asked)
    lines = inner.pytester.path.joinpath("places.txt").read_text().splitlines()
    where = f"{'tox.ini' if has_file else '.'}:1"
    assert [line.partition(": ")[0] for line in lines] == [
        f"{where}:client-docker-missing",
        f"{where}:exchange-no-role",
        "test_own.py:1:exchange-no-role",
    ]


def test_a_report_log(inner: Inner) -> None:
    """What a report is made into for a log or another process holds the whole text, and the place."""
    inner.pytester.syspathinsert()
    inner.pytester.makepyfile(
        logs="""
        import json
        from pathlib import Path

        def pytest_runtest_logreport(report):
            if report.failed:
                Path("log.json").write_text(json.dumps(report._to_json()))
        """
    )
    inner.emulate("exchange-no-role", "-p", "logs")
    told = json.loads(inner.pytester.path.joinpath("log.json").read_text())["longrepr"]
    assert told["reprcrash"]["path"] == "tox.ini"
    (entry,) = told["reprtraceback"]["reprentries"]
    lines = entry["data"]["lines"]
    assert lines[0] == told["reprcrash"]["message"]
    assert any(line.startswith("Seen") for line in lines)
