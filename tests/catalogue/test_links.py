"""Where causes are documented: every page is there, and has the heading that a link leads to.

``tests/data/documentation.json`` holds the anchors of the pages, collected by the script beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

from for_each import for_each

from pytest_acrauth.catalogue.pages import ENTRA_ERROR
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.report.explanation import _TROUBLESHOOTING

DOCUMENTATION: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "documentation.json").read_text("utf-8")
)
#: The beginnings of addresses whose pages are not in the copy, and why.
NOT_COPIED = {
    "https://aka.ms/azsdk/python/identity/": "a short address, which its owner may lead to another page",
    "https://docs.github.com/actions/": "github's docs were too large to be had; the pages were read elsewhere",
    "https://learn.microsoft.com/azure/devops/": "azure-devops-docs was too large to be had",
    "https://github.com/kubernetes-sigs/cloud-provider-azure/blob/": "a program's own source, which has no headings",
    "https://learn.microsoft.com/javascript/api/": "made from the source of an API, read elsewhere",
    "https://learn.microsoft.com/azure/azure-resource-manager/": "azure-docs was too large to be had",
    "https://learn.microsoft.com/azure/cost-management-billing/": "azure-docs was too large to be had",
    "https://learn.microsoft.com/azure/role-based-access-control/": "azure-docs was too large to be had",
    "https://learn.microsoft.com/graph/": "microsoft-graph-docs was too large to be had",
}


def documented(link: str) -> bool:
    """Return whether a link leads to a page of the copy, and to a heading of it where it names one."""
    page, _, anchor = link.partition("#")
    return page in DOCUMENTATION and (not anchor or anchor in DOCUMENTATION[page])


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_the_page_of_a_cause_is_there(mode) -> None:
    """The page that documents a cause exists, and the heading that the link names stands on it."""
    looked_up = mode.page == ENTRA_ERROR  # a search by number, which has no headings
    assert looked_up or mode.page.startswith(tuple(NOT_COPIED)) or documented(mode.page), mode.page


def test_the_page_for_what_nobody_recognises_is_there() -> None:
    """The page that is named where no cause remains exists."""
    assert documented(_TROUBLESHOOTING)


def test_a_dead_link_is_found() -> None:
    """A page or a heading that is not in the copy is told from one that is."""
    page = "https://learn.microsoft.com/azure/container-registry/container-registry-health-error-reference"
    assert documented(f"{page}#connectivity_dns_error")
    assert not documented(f"{page}#unexpected_error")
    assert not documented(f"{page}-old")
