"""What counts as the same in two answers, and how each difference is told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from shapes import Difference, answer_of, differences, empty_lists, keys, pattern, words


def answer(body: Any = None, status: int = 200, **headers: str | list[str]) -> dict[str, Any]:
    """Return an answer with a JSON body, or with a text; headers' names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "headers": named, "body": body if isinstance(body, str) else json.dumps(body)}


def refusal(message: str, code: str = "DENIED") -> dict[str, Any]:
    """Return a registry's refusal."""
    return answer({"errors": [{"code": code, "message": message}]}, 403)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("at 2026-01-02T03:04:05.678Z", "at <date>"),
        ("at 2026-01-02 03:04:05Z", "at <date>"),
        ("since 2026-01-02", "since <date>"),
        ("Fri, 11 Jun 2021 20:57:33 GMT", "<date>"),
        ("'11/26/2026 11:50:00 PM'", "'<date>'"),
        ("b73f1251-5994-48bf-8823-aead2c5e9f3e", "<id>"),
        ("id-12 and idea-12", "<id> and idea-12"),
        ("from 203.0.113.7 or address-3", "from <address> or <address>"),
        (f"manifest sha256:{'0a' * 32} is not found", "manifest <digest> is not found"),
        ("AADSTS7000215: Invalid", "AADSTS7000215: Invalid"),
        ("visit https://aka.ms/acr/authorization for more", "visit https://aka.ms/acr/authorization for more"),
        ("x-ms-version 2018-03-28x", "x-ms-version <date>x"),
    ],
)
def test_what_is_named_in_a_text_has_a_placeholder(text, wanted):
    """Dates, ids, digests and addresses are not part of the wording, and nothing else is taken for them."""
    assert pattern(text) == wanted


def test_names_are_replaced_where_they_stand_alone():
    """The longest name goes first, whatever the case, and a part of a word is none."""
    names = {"myacr.azurecr.io": "<login server>", "myacr": "<registry>"}
    assert pattern("MyAcr at myacr.azurecr.io, not myacr2", names) == "<registry> at <login server>, not myacr2"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"errors": [{"code": "A", "message": "no 'x'"}, {"code": "B"}]}, ["A no …", "B"]),
        (
            {"error": {"code": "NotFound", "message": "The resource abc could not"}},
            ["NotFound The resource … could not"],
        ),
        (
            {"error": "invalid_client", "error_description": "AADSTS1: x\r\nTrace ID: y"},
            ["invalid_client", "AADSTS1: x", "Trace ID: …"],
        ),
        ({"errors": ["odd", None], "error": None}, []),
        ({"errors": "odd"}, []),
        ({"errors": 7, "error": 7, "error_description": 7}, []),
        (["odd"], []),
        (None, []),
    ],
)
def test_words_are_codes_and_messages(body, wanted):
    """All three forms of errors are read; what is none of them says nothing."""
    assert words(body) == wanted


def test_keys_are_paths():
    """The entries of a list count as one; a list without entries is told apart, unless another one has some."""
    value = {"a": [{"b": 1}, {"c": []}, {"c": [1]}], "d": [], "e": {"f": []}}
    assert {*keys(value)} == {"a", "a[].b", "a[].c", "d", "e", "e.f"}
    assert empty_lists(value) == {"d[]", "e.f[]"}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (answer({}), answer({}, 206), [("status", "200", "206")]),
        (answer({}, X_New="1"), answer({}), [("header x-new", "has it", "")]),
        (answer({}), answer({}, X_Old="1"), [("header x-old", "", "has it")]),
        (answer({}, Date="today"), answer({}, date="tomorrow"), []),
        (answer({}, Server="a"), answer({}, server="b"), [("header server", '"a"', '"b"')]),
        (answer({}, Server=["a", "a"]), answer({}, server="a"), []),
        (answer({"a": 1}), answer({"b": 1}), [("JSON key a", "has it", ""), ("JSON key b", "", "has it")]),
        (answer({"a": 1}), answer({"a": "other"}), []),
        (answer({"a": [{"b": 1}]}), answer({"a": []}), [("list a", "not empty", "empty")]),
        (
            answer({"a": [{"b": 1}]}),
            answer({"a": [{"c": 1}]}),
            [("JSON key a[].b", "has it", ""), ("JSON key a[].c", "", "has it")],
        ),
        (refusal("client with IP '1.2.3.4'"), refusal("client with IP '5.6.7.8'"), []),
        (
            refusal("client with IP"),
            refusal("client at"),
            [("message", '"DENIED client with IP"', '"DENIED client at"')],
        ),
        (refusal("no", "A"), refusal("no", "B"), [("message", '"A no"', '"B no"')]),
        (answer("<html>"), answer({}), [("body", "text", "JSON")]),
        (answer(""), answer({}), [("body", "none", "JSON")]),
        (answer("404 page not found\n"), answer("404 page not found"), []),
        (answer("404 page not found"), answer("no page"), [("text", '"404 page not found"', '"no page"')]),
        (answer({"token": 1}), refusal("no"), [("status", "200", "403"), ("message", '""', '"DENIED no"')]),
        ({**answer(), "body": None}, answer({"a": 1}), []),
        (answer("[" * 100), answer({}), [("body", "text", "JSON")]),
    ],
)
def test_each_difference_is_told(one, other, wanted):
    """Status, headers' names, constant values, keys, lists, messages, kinds of body; no other value counts."""
    assert differences(one, other) == [Difference(*each) for each in wanted]


def test_a_challenge_is_compared_with_what_it_names_and_values():
    """The scope and the error in it count; names that both were given do not."""
    one = answer({}, 401, WWW_Authenticate='Bearer realm="https://a.example/t",error="insufficient_scope"')
    other = answer({}, 401, Www_Authenticate='Bearer realm="https://b.example/t",error="invalid_token"')
    names = {"a.example": "<host>", "b.example": "<host>"}
    (found,) = differences(one, other, names)
    assert found.what == "header www-authenticate"
    assert "insufficient_scope" in found.one
    assert "invalid_token" in found.other
    assert "a.example" not in found.one


def test_a_thinned_answer_lacks_headers_and_made_up_its_challenge():
    """Of a recording that was thinned, only what it has is wanted; a parameter's name still is."""
    one = answer({}, 401, WWW_Authenticate='Bearer realm="fake",error="fake"')
    other = answer({}, 401, WWW_Authenticate='Bearer realm="https://b.example/t"', Date="today")
    assert differences(one, other, whole=False) == []
    other["headers"]["WWW-Authenticate"] = 'Bearer service="b"'
    assert [each.what for each in differences(one, other, whole=False)] == ["header www-authenticate"]


def test_a_long_text_is_cut_in_a_line():
    """A difference is one line that can be read."""
    (found,) = differences(refusal("a" * 5000), refusal("b" * 5000))
    assert len(found.one) < 200


def test_what_httpx_received_is_an_answer():
    """A header that came twice has the list of its values, under the name as it was spelt first."""
    response = httpx.Response(418, headers=[("X-One", "1"), ("x-one", "2"), ("Server", "s")], text="tea")
    assert answer_of(response)["headers"]["X-One"] == ["1", "2"]
    assert (answer_of(response)["status"], answer_of(response)["body"]) == (418, "tea")
