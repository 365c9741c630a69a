"""What other plugins' reports are given, where these plugins are: the environment's rows, and links to click.

Through what they document for it; without them nothing of theirs is imported.
"""

from __future__ import annotations

import pytest

from pytest_acrauth.plugin.cleaning import Words
from pytest_acrauth.plugin.configuration import Plan
from pytest_acrauth.plugin.header import held_by, named
from pytest_acrauth.plugin.once import ABOUT, CAUSES, told_of


def add_metadata(config: pytest.Config, plan: Plan, words: Words) -> None:
    """Tell pytest-metadata, from which other reports have their environment, who is checked.

    Does nothing where it is not active, or is older than its stash key.
    """
    if not config.pluginmanager.hasplugin("metadata"):
        return
    try:
        from pytest_metadata.plugin import metadata_key
    except ImportError:
        return
    identities = dict.fromkeys(target.identity for target in plan.targets)
    rows = {
        "registry": [registry.login_server for registry in plan.registries],
        "identity": [" ".join(filter(None, [named(each), held_by(each)])) for each in identities],
        "cloud": list(dict.fromkeys(registry.cloud.name for registry in plan.registries)),
        "client": plan.clients,
    }
    told = {f"ACR {name}": ", ".join(map(words.scrub, values)) for name, values in rows.items() if values}
    config.stash.setdefault(metadata_key, {}).update(told)


def html_links(config: pytest.Config) -> list[object]:
    """Return the hooks that give pytest-html its links; none where no such report is written."""
    writes = config.pluginmanager.hasplugin("html") and config.getoption("htmlpath", None)
    return [HtmlLinks()] if writes else []


class HtmlLinks:
    """Adds to a failed row of pytest-html the pages that document what it is about, in the process that writes it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.failed:
            return
        from pytest_html import extras

        told = (*told_of(report, CAUSES), *told_of(report, ABOUT))
        links = {each.link: extras.url(each.link, name=each.id) for each in told if each.link}
        report.extras = [*getattr(report, "extras", ()), *links.values()]  # type: ignore[attr-defined]
