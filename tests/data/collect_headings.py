"""Collect the anchors of documentation pages from checkouts of the repositories that they are made from.

    python tests/data/collect_headings.py ADDRESS=PATH... > tests/data/documentation.json

PATH is a Markdown file, or a folder of them: then ADDRESS is what stands before the files' names. The repositories are
MicrosoftDocs' azure-management-docs (articles/container-registry), azure-aks-docs (articles/aks), azure-docs-cli
(docs-ref-conceptual), entra-docs and SupportArticles-docs, Azure's acr (docs) and azure-workload-identity (docs/book),
docker's cli (docs/reference/commandline), and chrismellard's docker-credential-acr-env (README.md). Only anchors are
kept, nothing of the text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_HEAD = re.compile(r"\A---\n.*?^---$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^\s*(```|~~~).*?^\s*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r"\[!INCLUDE *\[[^]]*\]\(([^)]+)\)\]", re.IGNORECASE)
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)[ #]*$", re.MULTILINE)
_QUESTION = re.compile(r"^ *- (?:question|name): *(?:[|>]-?\s+)?(.+?) *$", re.MULTILINE)
_BOOKMARK = re.compile(r"<a\s[^>]*?(?:name|id)\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_TAB = re.compile(r"\]\(#tab/")


def anchors(page: Path) -> list[str]:
    """Return every anchor of a page: those of its headings, or of its questions, and its bookmarks."""
    text = _text(page)
    found = _QUESTION if page.suffix == ".yml" else _HEADING
    made: dict[str, int] = {}
    names = []
    for title in found.findall(text):
        if _TAB.search(title):  # one of several tabs, which has an anchor of another kind
            continue
        name = _of_question(title) if page.suffix == ".yml" else slug(title)
        names.append(f"{name}-{made[name]}" if made.get(name) else name)
        made[name] = made.get(name, 0) + 1
    return sorted({*names, *_BOOKMARK.findall(text)})


def slug(title: str) -> str:
    """Return a heading as an anchor: lower case, without punctuation, a hyphen for every space."""
    words = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", title)  # of a link, its words
    words = re.sub(r"(?<!\\)<[a-z/][^>]*>", "", words)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def _of_question(title: str) -> str:
    """Return a question as an anchor: lower case, a hyphen for everything that is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]", "-", title.strip().lower())


def _text(page: Path) -> str:
    """Return a page's text without its head and examples, its parts from other files included."""
    text = _FENCE.sub("", _HEAD.sub("", page.read_text("utf-8")))
    return _INCLUDE.sub(lambda part: _text(file) if (file := page.parent / part[1]).is_file() else "", text)


def _pages(address: str, path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield address, path
    else:
        for page in sorted(file for file in path.iterdir() if file.suffix == ".md" or file.name.endswith("-faq.yml")):
            yield f"{address}/{page.stem}", page


if __name__ == "__main__":
    given = (argument.rpartition("=") for argument in sys.argv[1:])
    collected = {address: anchors(page) for prefix, _, path in given for address, page in _pages(prefix, Path(path))}
    lines = (f"{json.dumps(address)}: {json.dumps(collected[address])}" for address in sorted(collected))
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")
