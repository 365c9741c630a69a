"""Texts that others wrote as JSON: any depth, any encoding, one answer."""

import json

import pytest

from pytest_acrauth.model.foreign_json import DEEPEST, load_foreign_json


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1, 100_000])
def test_a_value_is_parsed_up_to_a_depth(opening: str, closing: str, levels: int) -> None:
    """One level more is refused before a parser is on its way down, whatever else is wrong with the text."""
    text = opening * levels + "1" + closing * levels
    if levels <= DEEPEST:
        assert load_foreign_json(text) == json.loads(text)
        return
    for broken in (text, text[:-levels], f"{text} and more"):
        with pytest.raises(ValueError, match="nested deeper"):
            load_foreign_json(broken)


@pytest.mark.parametrize(
    "value", [{"a": "[" * 100}, ['"' + "{" * 100, "\\"], {"\\" * 3 + '"' + "[" * 99: [{}] * 200}, [[1], [2], {}] * 50]
)
def test_brackets_in_texts_and_beside_each_other_are_no_depth(value: object) -> None:
    """Only what is open at once counts."""
    assert load_foreign_json(json.dumps(value)) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_bytes_are_read_in_their_encoding(encoding: str) -> None:
    """As JSON may be written (RFC 8259) and as azure-cli writes its files, with a mark in front."""
    assert load_foreign_json('{"ä": 1}'.encode(encoding)) == {"ä": 1}
    with pytest.raises(ValueError, match="decode"):
        load_foreign_json(b'"\xff"')
