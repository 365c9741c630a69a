"""Records as JSON that any other program reads."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

import pytest
from for_each import for_each

from pytest_acrauth.model import codec
from pytest_acrauth.model.stage import Rung, Stage


class Record(NamedTuple):
    """A record with a number and a text."""

    number: float | None = None
    text: str = ""
    texts: tuple[str, ...] = ()


class Kinds(NamedTuple):
    """A record with a field of every kind that records have."""

    number: float = 0.0
    count: int = 0
    flag: bool = False
    text: str = ""
    maybe: str | None = None
    stage: Stage = Stage.DNS
    record: Record = Record()
    one_of: Record | Rung | None = None
    records: tuple[Record, ...] = ()


#: Whatever JSON can hold, and the fields that may hold it.
VALUES = [
    (None, {"maybe", "one_of"}),
    (True, {"flag"}),
    (3, {"number", "count"}),
    (0.5, {"number"}),
    (10**400, {"count"}),
    (math.inf, set()),
    (math.nan, set()),
    ("text", {"text", "maybe"}),
    ("dns", {"text", "maybe", "stage"}),
    ([], {"records"}),
    ([1], set()),
    ([[]], set()),
    ({}, {"record"}),
    ({"unknown": 1}, set()),
    ({"number": "1"}, set()),
    ({"number": None, "text": "", "texts": []}, {"record", "one_of"}),
]


@for_each("field", Kinds._fields)
@for_each(("value", "fields"), VALUES)
def test_a_field_takes_its_own_type_and_no_other(field, value, fields):
    """Whatever somebody wrote into a file: nothing later has to expect another type."""
    text = json.dumps({field: value})
    if field in fields:
        assert json.loads(codec.to_json(codec.from_json(Kinds, text)))[field] is not ...
    else:
        with pytest.raises((ValueError, TypeError, KeyError)):
            codec.from_json(Kinds, text)


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
