"""Secrets mask themselves, are found again in every spelling, and text from the network is made harmless."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import tracemalloc
from unittest import mock
from urllib.parse import quote, quote_plus

import jwt
import pytest
from _pytest._io.saferepr import saferepr
from hypothesis import given
from hypothesis import strategies as st

from pytest_acrauth.model.secret import Secret, Secrets

VALUE = "p+ss/w rd\"é'~1"


def test_a_secret_shows_a_mask() -> None:
    """Neither `str` nor `repr` nor formatting shows the value; `reveal` gives it."""
    secret = Secret(VALUE)
    assert str(secret) == repr(secret) == f"{secret}" == "Secret(***)"
    assert "p+ss" not in repr([secret, {"key": secret}])
    assert secret.reveal() == VALUE


def test_the_register_shows_no_value() -> None:
    """The register itself may be printed."""
    secrets = Secrets()
    secrets.add(VALUE)
    assert "p+ss" not in repr(secrets)


SPELLINGS = {
    "raw": VALUE,
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64 without padding": base64.b64encode(VALUE.encode()).decode().rstrip("="),
    "base64 for URLs": base64.urlsafe_b64encode(VALUE.encode()).decode(),
    "base64 in a query": quote(base64.b64encode(VALUE.encode()).decode(), safe=""),
    "in a URL": quote(VALUE, safe=""),
    "in a form": quote_plus(VALUE),
    "in JSON": json.dumps(VALUE)[1:-1],
    "in JSON with its letters": json.dumps(VALUE, ensure_ascii=False)[1:-1],
    "in a repr": repr(VALUE)[1:-1],
    "in Basic credentials": base64.b64encode(f"user:{VALUE}".encode()).decode(),
    "in a URL's user part": quote(f"user:{VALUE}", safe=""),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_is_found(spelling: str) -> None:
    """A registered value is masked in whatever spelling it is printed, and its surroundings stay."""
    secrets = Secrets()
    secrets.add(VALUE, user="user")
    assert secrets.scrub(f"before {spelling} after") == "before *** after"


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_registered_value_survives(value: str, before: str, after: str) -> None:
    """Whatever a secret looks like and stands in, it is gone after scrubbing."""
    secrets = Secrets()
    secrets.add(value)
    scrubbed = secrets.scrub(before + value + after)
    # The mask may complete the value only where the value is made of masks itself.
    assert value not in scrubbed or not set(value) - set("*" + before + after)


def test_values_that_contain_each_other() -> None:
    """The longer of two secrets is masked as a whole."""
    secrets = Secrets()
    secrets.add("abcd")
    secrets.add("abcdefgh")
    assert secrets.scrub("abcdefgh abcd") == "*** ***"


def test_a_later_secret_counts() -> None:
    """A secret registered after the first scrub is masked from then on."""
    secrets = Secrets()
    secrets.add("first-one")
    assert secrets.scrub("first-one second-one") == "*** second-one"
    secrets.add("second-one")
    assert secrets.scrub("first-one second-one") == "*** ***"


@pytest.mark.parametrize("value", ["ends in half \ud800", "\udcff bytes of an environment", "\udfff\ud800\udc00\ud800"])
def test_any_string_can_be_a_secret(value):
    """Bytes of the environment that are no UTF-8, and halves of characters, are masked like any other value."""
    secrets = Secrets()
    secrets.add(value, user="\udcfe")
    assert secrets.scrub(f"before {value} after") == "before *** after"
    assert value not in secrets.scrub(f"{json.dumps(value)} {value!r}")


def test_a_secret_is_found_wherever_it_stands():
    """A secret is found wherever it stands: at either end, once or often, beside another one."""
    secrets = Secrets()
    one, other = "a-long-secret-value-of-one", "short-1"
    secrets.add(one)
    secrets.add(other)
    for before in range(20):
        text = "x" * before + one + other + one
        assert secrets.scrub(text) == "x" * before + "***" * 3


class CountingIndex(dict):
    """An index that counts how often it is looked into."""

    looks = 0

    def get(self, *args):
        self.looks += 1
        return super().get(*args)


@pytest.mark.parametrize("number", [1, 50, 1000])
def test_the_cost_is_the_texts_alone(number):
    """However many secrets a run has, a text is looked at in every eighth place, and once where one stands."""
    secrets = Secrets()
    for each in range(number):
        secrets.add(f"{each:04}-a-secret-of-one-registry-{each:04}")
    index = secrets._grams = CountingIndex(secrets._grams)
    text = "words of a report, " * 100 + "0000-a-secret-of-one-registry-0000"
    assert "0000-a-secret" not in secrets.scrub(text)
    assert index.looks <= len(text) / 8 + 1


def test_nothing_is_compiled_for_a_secret():
    """Registering and masking compiles no pattern: `re` sees the same ones before and after."""
    secrets = Secrets()
    with mock.patch.object(re, "compile", side_effect=AssertionError("compiled")):
        for each in range(100):
            secrets.add(f"secret number {each:03}")
            assert secrets.scrub(f"secret number {each:03}") == "***"


def test_the_register_keeps_no_secret():
    """What the register holds is digests and pieces of a few letters: nothing from which a secret could be read."""
    secrets = Secrets()
    secrets.add("a-long-secret-value-that-nobody-should-see")
    held = [text for index in (secrets._grams, secrets._beginnings) for text in index]
    assert max(map(len, held)) <= 8
    assert "a-long-s" not in held


def test_a_secret_counts_from_the_moment_it_is_added():
    """While other threads scrub, a secret that was added is masked by all of them."""
    secrets = Secrets()
    told, stop = [], threading.Event()

    def scrub():
        while not stop.is_set():
            secrets.scrub("text with nothing in it, again and again")

    threads = [threading.Thread(target=scrub, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for each in range(300):
        secrets.add(f"secret-of-moment-{each}-ends")
        told.append(secrets.scrub(f"secret-of-moment-{each}-ends"))
    stop.set()
    for thread in threads:
        thread.join()
    assert set(told) == {"***"}


@pytest.mark.parametrize("text", ["eyJ" * 500_000, "eyJaaaaaaaaaa." * 100_000, "bearer " * 300_000, "::a" * 500_000])
def test_no_text_makes_scrubbing_slow(text):
    """A megabyte made to be slow comes back within the test's limit, and nothing of it is taken for a secret."""
    assert Secrets().scrub(text).startswith(text[:10]) or text.startswith("eyJaaaaaaaaaa.")
    assert len(Secrets().clean(text, 100_000)) <= 100_000


def test_text_from_outside_is_masked_across_its_end():
    """A text is cut before it is looked at, and a secret across the cut does not survive in part."""
    secrets = Secrets()
    secrets.add("a-long-secret-value-across-the-cut")
    for before in range(60, 81):
        kept = secrets.clean("\n" * before + "a-long-secret-value-across-the-cut and more", limit=10)
        assert "a-lon" not in kept
    assert secrets.clean("\x00" * 75 + jwt.encode({"sub": "x"}, "k" * 32), limit=10) == "***"


def test_values_too_short_to_hide() -> None:
    """A value of three letters would mask ordinary text, and is left alone."""
    secrets = Secrets()
    secrets.add("abc", user="me")
    assert secrets.scrub("abc me") == "abc me"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token {jwt.encode({'sub': 'somebody'}, 'k' * 32)} end", "token *** end"),
        (
            "https://x.blob.core.windows.net/a?sv=1&sig=AbC%2B%3D&se=2",
            "https://x.blob.core.windows.net/a?sv=1&sig=***&se=2",
        ),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization: basic dXNlcjpwYXNz", "authorization: ***"),
        ('{"Authorization": "Bearer abc"}', '{"Authorization": "***"}'),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "{'Authorization': '***'}"),
        ("(b'Authorization', b'Bearer abcdefghijklmnop')", "(b'Authorization', b'***')"),
    ],
)
def test_what_looks_like_a_secret(text: str, expected: str) -> None:
    """Tokens, signatures and Authorization headers that nobody registered are masked by their look."""
    assert Secrets().scrub(text) == expected


@pytest.mark.parametrize("text", ['Bearer realm="https://x/oauth2/token"', "a basic failure", "design=1", "eyJ"])
def test_ordinary_text_stays(text: str) -> None:
    """A challenge, prose, and what only resembles a signature are left as they are."""
    assert Secrets().scrub(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\r\ntwo\tthree", "one two three"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\u202eb\u2066c\ufeffd", "a b c d"),
        ("::error file=a::text", ": :error file=a::text"),
        ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
        ("##[error]x", "# #[error]x"),
        ("std::vector", "std::vector"),
        (f"::error title={'a' * 300}:b::text", f": :error title={'a' * 300}:b::text"),
        ("half \ud800 a character", "half \ufffd a character"),
        ("  padded  ", "padded"),
    ],
)
def test_text_from_the_network_is_data(text: str, expected: str) -> None:
    """Control and bidi characters go, and what a CI system would run is broken up."""
    assert Secrets().clean(text) == expected


@given(st.text(max_size=3000), st.integers(1, 600))
def test_cleaned_text_is_one_bounded_line(text: str, limit: int) -> None:
    """Whatever a peer sends, what is kept is one line within its limit."""
    cleaned = Secrets().clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.splitlines() in ([], [cleaned])


@pytest.mark.parametrize(
    "text",
    [
        f"::error title={'a' * 5000}::text",
        f"##vso[task.complete {'a' * 5000}]text",
        "::error and what a second text ends with",
        "::stop-commands",
        "##teamcity[buildStop]",
        "first\n::add-mask file=a::x",
    ],
)
@pytest.mark.parametrize("limit", [60, 500, 10_000])
def test_a_command_is_broken_up_whatever_its_length(text, limit):
    """A command whose end is cut off, or comes with the text that is printed behind, is none."""
    kept = Secrets().clean(text, limit)
    assert not re.search(r"(?:^|\s)::[a-z]|##\w*\[", kept)


@pytest.mark.parametrize(
    "text", ["client with IP '2001:db8::a' is denied", "::1", "fe80::1", "::ffff:10.0.0.1", "a ::"]
)
def test_an_address_is_no_command(text):
    """Addresses of IPv6 stay as they are."""
    assert Secrets().clean(text) == text


def test_a_secret_that_cleaning_makes_is_masked():
    """Where control characters stand for the spaces of a secret, cleaning would put it together."""
    secrets = Secrets()
    secrets.add("correct horse battery")
    assert secrets.clean("it is correct\x00\x01horse\nbattery.") == "it is ***."


@pytest.mark.parametrize("value", ["own-secret", "own-secret-of-twenty-letters", "1f-own"])
def test_somebodys_own_secret_is_no_token(value):
    """A peer that answers with a secret, in any spelling, has issued nothing."""
    secrets = Secrets()
    secrets.add(value, user="me")
    assert secrets.issued(value) is None
    assert secrets.issued(base64.b64encode(f"me:{value}".encode()).decode()) is None


@pytest.mark.parametrize("value", ["own-secret", "own-secret-of-twenty-letters"])
def test_what_holds_somebodys_own_secret_is_no_token(value):
    """The same where it stands among other words."""
    secrets = Secrets()
    secrets.add(value)
    assert secrets.issued(f"a token with {value} in it") is None


@pytest.mark.parametrize("value", ["pull", "1f-own"])
def test_a_short_secret_stands_in_a_token_by_chance(value):
    """A password of few letters would take a healthy registry's token for its own once in many runs."""
    secrets = Secrets()
    secrets.add(value)
    assert secrets.issued(f"a-token-with-{value}-in-it") is not None


def test_a_token_can_be_issued_again():
    """Caches hand out a token more than once; it is one each time, and masked."""
    secrets = Secrets()
    for _ in range(2):
        token = secrets.issued("an-opaque-token-of-a-cache", user="me")
        assert token is not None
        assert token.reveal() == "an-opaque-token-of-a-cache"
    assert secrets.scrub(
        f"an-opaque-token-of-a-cache {base64.b64encode(b'me:an-opaque-token-of-a-cache').decode()}"
    ) == ("*** ***")


def test_no_local_holds_a_value():
    """What registers a secret has it in no local that a traceback could show: only what makes it one gets it."""
    seen: set[str] = set()

    def look(frame, _event, _arg):
        if frame.f_code.co_filename.endswith("model/secret.py") and frame.f_code.co_qualname != "Secret.__init__":
            seen.update(str(value) for value in frame.f_locals.values() if isinstance(value, str | bytes))
        return look

    secrets, value = Secrets(), Secret("a-long-secret-value-that-nobody-should-see")
    before = sys.gettrace()
    sys.settrace(look)
    try:
        secrets.add(value, user="me")
    finally:
        sys.settrace(before)
    assert "me" in seen  # the frames were looked at
    assert not [text for text in seen if "nobody" in text]


@pytest.mark.parametrize("size", [28, 30, 31, 80, 240])
@pytest.mark.parametrize("around", [lambda value: value, lambda value: {"Authorization": f"Bearer {value}"}])
@pytest.mark.parametrize(
    "value",
    ["abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ", "~".join(map(str, range(1000, 1200)))],
    ids=["short", "long"],
)
def test_what_a_repr_leaves_of_a_secret_is_masked(value, around, size):
    """Pytest shortens the values that a failed comparison shows: a beginning and an end remain, and are masked."""
    secrets = Secrets()
    secrets.add(value)
    shown = secrets.scrub(saferepr(around(value), maxsize=size))
    assert not [value[place : place + 8] for place in range(len(value) - 7) if value[place : place + 8] in shown]


def test_what_a_repr_leaves_of_a_token_is_masked():
    """A token is known by how it begins; what remains of its end goes with it."""
    token = "eyJhbGciOiJFUzI1NiIs" + "abc_-" * 40 + ".F89K_dzDiBCOwBqgQQ58OOv"
    assert Secrets().scrub(saferepr(token, maxsize=30)) == "'***'"
    long = f"eyJhbGciOiJFUzI1NiIs.{'abc_-' * 300}.F89K_dzDiBCOwBqgQQ58OOv"
    assert "F89K" not in Secrets().scrub(saferepr([long, "x" * 1000], maxsize=2400))
    assert Secrets().scrub("waiting... done, and so on...eyJ") == "waiting... done, and so on...eyJ"


def test_a_huge_secret_takes_little_room():
    """A file of megabytes can be named as one that holds a secret; it is masked all the same."""
    huge = "".join(map(str, range(300_000)))
    secrets = Secrets()
    tracemalloc.start()
    try:
        secrets.add(huge, user="me")
        assert tracemalloc.get_traced_memory()[0] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert secrets.scrub(f"a {huge} b") == "a *** b"
    assert secrets.scrub(saferepr(huge, maxsize=2400)) == "'***...***'"
