"""Secrets that mask themselves, the register of all of them, and the cleaning of text from the network."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote_from_bytes

MASK = "***"

# What a secret looks like that nobody registered: a JWT, a SAS signature, an Authorization header's value; each with
# the letters without which it is not even tried. A JWT is looked for once in a run of its letters, and only where the
# run goes on as one does: no text makes this slow.
_LOOKS_SECRET = tuple(
    (hint, re.compile(pattern, re.IGNORECASE))
    for hint, pattern in (
        ("eyj", r"(?<![\w-])(?=[\w-]++\.[\w-]{8,}+\.)[\w-]*?(eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*)"),
        ("sig=", r"(?<=[?&;]sig=)([^&\s\"'<>]+)"),
        ("authorization", r"(?<=authorization: )((?:bearer|basic) [^\s\"']+)"),
        ("authorization", r"(?<=authorization\": \")((?:bearer|basic) [^\s\"']+)"),
        ("authorization", r"(?<=authorization': ')((?:bearer|basic) [^\s\"']+)"),
        ("bearer ", r"(?:(?<=b')|(?<=')|(?<=\"))(bearer [A-Za-z0-9+/=_.-]{16,})"),
        ("basic ", r"(?:(?<=b')|(?<=')|(?<=\"))(basic [A-Za-z0-9+/=_.-]{16,})"),
    )
)
_SHORTEST = 4  # below this, masking would eat ordinary text
_GRAM = 8
_STEP = 8  # a long form is found by its last grams, at every eighth place of a text; so long must it be:
_LONG = _GRAM + _STEP - 1
_KEPT = 8  # times its limit, so much of a text from outside is looked at: control characters take room
_LONGEST_LOOK = 4096  # so far beyond that, what only looks like a secret is recognised
_CUT = "..."  # with which reprs stand for the middle of a long text; pytest's in every failed comparison
_SIDE = 1200  # characters that they leave on either side, at most: pytest's half of 2,400 with -v
_EDGE = 4096  # characters at either end of a secret: what a repr leaves of it is never from farther inside
_OF_JWT = re.compile(r"[\w.-]*")
_HEX = re.compile("%[0-9A-F]{2}")


class Secret:
    """A secret value: `str` and `repr` show a mask, `reveal` gives the value to the one place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Never keep it in a local of a frame that a traceback could show."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__


class _Form(NamedTuple):
    """One spelling of a secret that ends ``after`` characters behind the start of a gram: no letter of it is kept."""

    length: int
    after: int
    digest: int


class Secrets:
    """The register of every secret handled in a run. What is reported goes through `scrub`.

    Safe between threads, and its cost grows with the text alone, whatever the number of secrets: a long spelling is
    known by its last grams, of which one stands at every eighth place of any text that holds it; a short one by its
    first letters. What was found so is compared by a digest, so that the register itself holds no secret.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[int] = set()
        self._own: set[int] = set()  # spellings of what no peer issued
        self._pieces: set[int] = set()  # all grams of their ends
        self._grams: dict[str, list[_Form]] = {}
        self._beginnings: dict[str, list[_Form]] = {}
        self._longest = _LONGEST_LOOK

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)} values)"

    def add(self, value: str | Secret, *, user: str | None = None) -> Secret:
        """Register a value and return it as a `Secret`; ``user`` also registers the Basic credentials of the two."""
        secret = value if isinstance(value, Secret) else Secret(value)
        del value  # from the locals that a traceback could show
        self._add(secret, user, own=True)
        return secret

    def issued(self, value: str | Secret, *, user: str | None = None) -> Secret | None:
        """Register a token that a peer issued and return it, None for what holds somebody's own secret in any spelling.

        Nobody issues what somebody else has to keep: a peer that answers so wants it to be carried on.
        """
        token = value if isinstance(value, Secret) else Secret(value)
        del value
        if self._holds_own(token):
            return None
        self._add(token, user, own=False)
        return token

    def _holds_own(self, token: Secret) -> bool:
        """Tell whether a token is or holds what no peer issued; a short password stands in any token by chance."""
        inside = [(start, end) for start, end in self._registered(token.reveal()) if end - start >= _GRAM]
        return any(hash(token.reveal()[start:end]) in self._own for start, end in (*inside, (0, None)))

    def _add(self, secret: Secret, user: str | None, *, own: bool) -> None:
        if len(secret.reveal()) >= _SHORTEST:
            self._register(secret, own=own)
            if user is not None:
                self._register(Secret(f"{user}:{secret.reveal()}"), own=own)

    def scrub(self, text: str) -> str:
        """Return the text with every registered secret, and whatever looks like one, replaced by a mask."""
        spans = self._spans(text)
        return _masked(text, spans) if spans else text

    def clean(self, text: str, limit: int = 500) -> str:
        """Return text from outside as it may be kept and printed: scrubbed, and one harmless line within ``limit``.

        The one way into a record. Whatever the length of the text, little of it is looked at; a secret that stands
        across the end of that part is masked as far as it reaches into it. What only cleaning makes a secret, because
        control characters stood where it has spaces, is masked as well.
        """
        end = _KEPT * limit
        spans = self._spans(text[: end + self._longest])
        kept = self.scrub(_harmless(_masked(text[:end], ((start, stop) for start, stop in spans if start < end))))
        return kept if len(kept) <= limit else kept[: limit - 1] + "…"

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return [*self._registered(text), *self._shortened(text), *_looking_secret(text)]

    def _register(self, secret: Secret, *, own: bool) -> None:
        digest = hash(secret.reveal())
        with self._lock:
            if digest in self._known:
                return
            for form in map(Secret, set(_forms(secret))):
                self._index(form)
                if own:
                    self._own.add(hash(form.reveal()))
                    # The ends alone: a file of megabytes in a secret's place must not take the process's memory.
                    for end in (Secret(form.reveal()[:_EDGE]), Secret(form.reveal()[-_EDGE:])):
                        places = range(len(end.reveal()) - _GRAM + 1)
                        self._pieces.update(hash(end.reveal()[place : place + _GRAM]) for place in places)
            self._known.add(digest)

    def _index(self, form: Secret) -> None:
        length, digest = len(form.reveal()), hash(form.reveal())
        self._longest = max(self._longest, length)
        if length < _LONG:
            self._beginnings.setdefault(form.reveal()[:_SHORTEST], []).append(_Form(length, length, digest))
            return
        for start in range(length - _LONG, length - _GRAM + 1):
            gram = form.reveal()[start : start + _GRAM]
            self._grams.setdefault(gram, []).append(_Form(length, length - start, digest))

    def _registered(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where registered spellings stand in a text."""
        for index, width, step in ((self._grams, _GRAM, _STEP), (self._beginnings, _SHORTEST, 1)):
            if not index:
                continue
            for place in range(0, len(text) - width + 1, step):
                if (forms := index.get(text[place : place + width])) is not None:
                    for length, after, digest in forms:
                        start, end = place + after - length, place + after
                        if start >= 0 and hash(text[start:end]) == digest:
                            yield start, end

    def _shortened(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield what a repr has left of a secret on either side of its dots: of one's own all, of a token a JWT's."""
        dots = text.find(_CUT)
        while dots >= 0:
            behind = dots + len(_CUT)
            start, end = dots, behind
            while start >= _GRAM and hash(text[start - _GRAM : start]) in self._pieces:
                start -= 1
            if start < dots:
                yield start - _GRAM + 1, dots
            while hash(text[end : end + _GRAM]) in self._pieces:
                end += 1
            if end > behind:
                yield behind, end + _GRAM - 1
            token = text.rfind("eyJ", max(0, dots - _SIDE), dots)
            rest = _OF_JWT.match(text, behind, behind + _SIDE)
            if token >= 0 and rest is not None and _OF_JWT.fullmatch(text, token, dots):
                yield token, rest.end()
            dots = text.find(_CUT, dots + 1)


def _looking_secret(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text holds what looks like a secret."""
    small = text.lower()
    for hint, pattern in _LOOKS_SECRET:
        if hint in small:
            yield from (found.span(1) for found in pattern.finditer(text))


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Put a mask in the place of the spans; those that overlap get one."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join([*parts, text[done:]])


def as_bytes(text: str | Secret) -> bytes:
    """Return the bytes of any string: those of the environment that are no UTF-8 as they came, halves as they are."""
    secret = text if isinstance(text, Secret) else Secret(text)
    del text  # from the locals that a traceback could show
    try:
        return secret.reveal().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.reveal().encode("utf-8", "surrogatepass")


def _forms(secret: Secret) -> Iterator[str]:
    """Yield the spellings in which a value is printed or sent; any string has them, half a character included."""
    yield secret.reveal()
    yield repr(secret.reveal())[1:-1]
    yield json.dumps(secret.reveal())[1:-1]
    yield json.dumps(secret.reveal(), ensure_ascii=False)[1:-1]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(as_bytes(secret)).decode()
        yield encode(as_bytes(secret)).decode().rstrip("=")
    for in_url in map(Secret, _in_urls(secret)):
        yield in_url.reveal()
        yield _HEX.sub(lambda found: found[0].lower(), in_url.reveal())


def _in_urls(secret: Secret) -> Iterator[str]:
    """Yield a value as it stands in an address, in a form, and as base64 in either."""
    yield quote_from_bytes(as_bytes(secret), safe="")
    yield quote_from_bytes(as_bytes(secret), safe="").replace("%20", "+")
    yield quote_from_bytes(base64.b64encode(as_bytes(secret)), safe="")


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+")
_HALVES = re.compile("[\ud800-\udfff]")  # of characters, which no file and no terminal takes
# What CI systems run: ``::`` at the beginning of a line or before another one, ``##`` before a word in brackets.
_COMMANDS = re.compile(
    r"::(?=[A-Za-z](?:(?!::).)*::)|(?<!\S)::(?=[A-Za-z][\w-]*(?:\s|$))|##(?=\w*\[)",
    re.IGNORECASE,
)


def whole(text: str) -> str:
    """Return a text that any file and any terminal takes: halves of characters are replaced."""
    return _HALVES.sub("\ufffd", text)


def _harmless(text: str) -> str:
    """Make a text harmless to print: one line, no control or bidi characters, no half ones, no CI commands."""
    return without_commands(whole(_CONTROL.sub(" ", text))).strip()


def without_commands(text: str) -> str:
    """Break up by a space what CI systems run where it is printed.

    Such commands are those of GitHub (``::name::``), Azure Pipelines (``##vso[``, ``##[``) and TeamCity
    (``##teamcity[``).
    """
    return _COMMANDS.sub(lambda match: " ".join(match[0]), text)
