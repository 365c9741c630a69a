"""Records as JSON that any other program reads."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

import pytest

from pytest_acrauth.model import codec


class Record(NamedTuple):
    """A record with a number and a text."""

    number: float | None = None
    text: str = ""
    texts: tuple[str, ...] = ()


def refuse(constant):
    """Fail for a word that JSON does not have."""
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_none_is_null(number):
    """JSON has no word for what is no number."""
    text = codec.to_json(Record(number))
    assert json.loads(text, parse_constant=refuse)["number"] is None
    assert codec.from_json(Record, text).number is None


def test_half_a_character_can_be_written():
    """A file takes the text of any record; whole characters come back as they were."""
    text = codec.to_json(Record(1.5, "half \ud800 é 😀", ("\udfff",)))
    assert codec.from_json(Record, text.encode().decode()) == Record(1.5, "half \ufffd é 😀", ("\ufffd",))
