"""The schema for editors and the reader: the same keys, the same kinds, the same choices."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from readiness_files import ENVIRON, MISTAKES, WHOLE

from pytest_acrauth.plugin.asked.readiness import BadFile, read
from pytest_acrauth.plugin.asked.readiness.schema import schema

PUBLISHED = Path(__file__).parents[4] / "docs" / "reference" / "readiness-file.schema.json"
ACCEPTS = jsonschema.Draft202012Validator(schema())
#: What the reader knows and a schema cannot: names that hold together, values that are no names, the environment.
BEYOND = (
    "stands twice",
    "stand in another access",
    "stands in must as well",
    "there is no identity",
    "nothing in this file uses it",
    "is not what variables",
    "actions are held on repositories",
    "push is proven where",
    "is no repository reference",
    "leave out",
    "environment variable",
    "variable that holds a secret",
    "nothing is told of",
    "fail: a number above 0 is expected",  # not a number, which compares with nothing
)


def written(value: Any) -> str:
    """Return a value in TOML, tables inline: for values that JSON and TOML write alike."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


def document(content: dict[str, Any]) -> str:
    """Return the text of a file with this content."""
    return "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in content.items())


def told(text: str) -> list[str]:
    """Return what the reader finds wrong."""
    try:
        read("acr.toml", text, ENVIRON)
    except BadFile as error:
        return str(error).splitlines()
    return []


def alike(text: str, content: dict[str, Any]) -> bool:
    """Whether reader and schema agree: what the schema takes, the reader refuses only for what no schema knows."""
    wrong = told(text)
    if ACCEPTS.is_valid(content):
        return all(any(words in each for words in BEYOND) for each in wrong)
    return bool(wrong)


def test_the_published_schema_is_this_one_and_is_one() -> None:
    """By its own rules, and as the page has it."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(PUBLISHED.read_text("utf-8")) == schema()


def test_a_whole_file_is_accepted() -> None:
    """By both."""
    assert told(WHOLE) == []
    ACCEPTS.validate(tomllib.loads(WHOLE))


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES])
def test_what_an_editor_marks_the_reader_refuses(text: str) -> None:
    """And what it does not mark is wrong for reasons that no schema knows."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert told(text)
    assert alike(text, content)


PLACES = st.lists(st.integers(0, 9), min_size=1, max_size=5)
ODD = st.sampled_from([0, -1, 1.5, True, "", "pull", "team/app", [], ["pull"], [""], [1], {}, {"x": 1}, [{}], [[]]])


@given(PLACES, ODD, st.sampled_from(["replace", "add", "remove"]))
def test_any_change_is_judged_alike(place: list[int], odd: Any, how: str) -> None:
    """A whole file with one part replaced, added or taken away: what the reader takes, the schema takes.

    What it does not take it refuses for a reason that no schema knows, or the schema refuses it as well.
    """
    content = copy.deepcopy(tomllib.loads(WHOLE))
    at: Any = content
    for step in place[:-1]:
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else []
        inner = at[keys[step % len(keys)]] if keys else None
        if not isinstance(inner, dict | list) or not inner:
            break
        at = inner
    key = list(at)[place[-1] % len(at)] if isinstance(at, dict) else place[-1] % len(at)
    if how == "remove":
        del at[key]
    elif how == "add" and isinstance(at, dict):
        at["added"] = odd
    else:
        at[key] = odd
    assert alike(document(content), content)
