"""Writes what derives from the code: pages of failure modes, of Entra's numbers, the options, README's failure.

Run it after a change of the catalogue, the scenarios or the options: ``python docs/generate.py``. With ``--check`` it
writes nothing, names the pages that are out of date and exits with 1 if there are any. Needs the emulator's extra.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from derived import ROOT
from derived.failure_modes import entra_numbers_page, index_page, mode_page
from derived.reference import SCHEMA, options_page, readiness_file_page
from derived.seen import WORLDS, seen_in_emulator

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.emulator import SCENARIOS
from pytest_acrauth.model.record_schema import schema as record_schema
from pytest_acrauth.plugin.asked.readiness.schema import schema
from pytest_acrauth.report.document import Document
from pytest_acrauth.report.entries import cause_entry

MODE_PAGES = Path("docs", "failure-modes")
REPORT_SCHEMA = Path("docs/reference/report.schema.json")
_REPORT_TITLE = "Report of pytest-acrauth"


def pages() -> dict[Path, str]:
    """Return every generated page by its path in the project. Runs every scenario in the emulator."""
    # Before the first scenario: one with a short limit would spend it on loading this.
    import azure.mgmt.containerregistry  # noqa: F401

    with ThreadPoolExecutor(4) as pool:
        # What only looks like a scenario and ends by a limit is not told in the same words every time.
        steady = {each.id: each for each in WORLDS.values() if each.id in SCENARIOS or "timeout" not in each.options}
        shown = dict(zip(steady, pool.map(seen_in_emulator, steady.values()), strict=True))
    return {
        Path("README.md"): readme(shown),
        Path("docs/reference/options.md"): options_page(),
        Path("docs/reference/readiness-file.md"): readiness_file_page(),
        REPORT_SCHEMA: json.dumps(record_schema(Document, _REPORT_TITLE), indent=2, ensure_ascii=False) + "\n",
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        Path("docs/reference/entra-numbers.md"): entra_numbers_page(),
        MODE_PAGES / "index.md": index_page(),
        **{MODE_PAGES / f"{name}.md": mode_page(cause_entry(mode), shown.get(name)) for name, mode in MODES.items()},
    }


def readme(shown: Mapping[str, str | None]) -> str:
    """Return README with what the emulator showed in the block behind the comment that names the scenario."""

    def block(found: re.Match[str]) -> str:
        return f"{found['comment']}```text\n{shown[found['scenario']]}\n```"

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"(?P<comment><!-- shown: (?P<scenario>[\w-]+) -->\n)```text\n.*?```", block, text, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the pages and remove those that are no longer generated, or only compare; return the exit code."""
    wanted = pages()
    existing = {path.relative_to(ROOT) for path in (ROOT / MODE_PAGES).glob("*.md")}
    stale = [path for path, text in wanted.items() if not _is(ROOT / path, text)]
    gone = sorted(existing - set(wanted))
    for path in [*stale, *gone]:
        print(f"out of date: {path.as_posix()}")
    if "--check" in arguments:
        return int(bool(stale or gone))
    for path in stale:
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(wanted[path], encoding="utf-8")
    for path in gone:
        (ROOT / path).unlink()
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
