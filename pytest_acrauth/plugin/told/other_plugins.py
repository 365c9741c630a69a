"""What other plugins' reports are given, where these plugins are: the environment's rows, and links to click.

Through what they document for it; without them nothing of theirs is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_acrauth.auth import variables
from pytest_acrauth.plugin.asked.header import held_by, named
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.keys import ABOUT, CAUSES
from pytest_acrauth.plugin.told.failure_texts import texts_of


def hooks_for_other_plugins(config: pytest.Config, plan: Plan, cleaner: TextCleaner) -> list[object]:
    """Tell the other plugins' environment who is checked, and return the hooks that add to their reports."""
    rows = _rows(plan, cleaner)
    _add_metadata(config, rows)
    writes_html = config.pluginmanager.hasplugin("html") and config.getoption("htmlpath", None)
    return [JsonEnvironment(rows), *([HtmlLinks()] if writes_html else [])]


def _rows(plan: Plan, cleaner: TextCleaner) -> dict[str, str]:
    identities = dict.fromkeys(target.identity for target in plan.targets)
    environ = plan.machine.environ
    rows = {
        "registry": [registry.login_server for registry in plan.registries],
        "identity": [" ".join(filter(None, [named(each), held_by(variables(each, environ))])) for each in identities],
        "cloud": dict.fromkeys(registry.cloud.name for registry in plan.registries),
        "client": plan.clients,
    }
    return {f"ACR {name}": ", ".join(map(cleaner.clean, values)) for name, values in rows.items() if values}


def _add_metadata(config: pytest.Config, rows: Mapping[str, str]) -> None:
    """Add to what pytest-metadata collects, if it is active and not older than its stash key."""
    if not config.pluginmanager.hasplugin("metadata"):
        return
    try:
        from pytest_metadata.plugin import metadata_key
    except ImportError:
        return
    config.stash.setdefault(metadata_key, {}).update(rows)


class JsonEnvironment:
    """Adds the rows to the environment of pytest-json-report, which does not ask pytest-metadata 3 for it."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self._rows = rows

    @pytest.hookimpl(optionalhook=True)
    def pytest_json_modifyreport(self, json_report: dict[str, Any]) -> None:
        if "environment" in json_report:  # it may be told to leave that out
            json_report["environment"] = {**json_report["environment"], **self._rows}


class HtmlLinks:
    """Adds to a failed row of pytest-html the pages that document what it is about, in the process that writes it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.failed:
            return
        from pytest_html import extras

        told = (*texts_of(report, CAUSES), *texts_of(report, ABOUT))
        links = {each.link: extras.url(each.link, name=each.id) for each in told if each.link}
        report.extras = [*getattr(report, "extras", ()), *links.values()]  # type: ignore[attr-defined]
