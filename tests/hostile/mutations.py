"""Hostile answers: a healthy one with something in its structure changed, or bytes that are hardly an answer at all.

What is drawn comes from one `random.Random`, so that a seed tells a failure, and hypothesis can shrink one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

#: What a peer does on a connection: send bytes, wait for some seconds, or one of these words.
HOLD, RESET, CLOSE = "hold", "reset", "close"
Step = bytes | float | str


@dataclass
class Answer:
    """An HTTP answer before it is put into bytes."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str, value: str) -> None:
        """Put a header in the place of those of its name."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()] + [(name, value)]

    def encoded(self, reason: str = "OK") -> bytes:
        """Return the bytes of it, with a right length."""
        own = [pair for pair in self.headers if pair[0].lower() not in {"content-length", "transfer-encoding"}]
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in own)]
        head = "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""])
        return head.encode("utf-8", "surrogateescape") + self.body


@dataclass
class Hand:
    """Who draws: the source of chance, what must never be seen again, and whether a peer may let others wait."""

    chance: Random
    canaries: Sequence[str] = ()
    stalls: bool = False
    drawn: list[str] = field(default_factory=list)

    def one(self, choices: Sequence[Any]) -> Any:
        """Return one of several."""
        return choices[self.chance.randrange(len(choices))]

    def canary(self) -> str:
        """Return a secret of the climb, as a peer that knows it would say it again."""
        return self.one(self.canaries) if self.canaries else "no-secret-yet"


_SMALL = 2_000  # characters of a value
CONTROL = "\x1b[31m\x07\x00\u009b2J\u202egnp.exe\u2066"
COMMANDS = "##vso[task.complete result=Succeeded;]::error::gone ##[error]x"
LONG = ("eyJ" * 20_000, "A" * 100_000, "a," * 50_000, "\u202e" * 5_000)
ADDRESSES = (
    "https://evil.example/x",
    "http://{host}/x",
    "https://{host}:444/x",
    "https://{host}@evil.example/x",
    "https://{host}\\@evil.example/x",
    "https://{host}.evil.example/x",
    "https://xn--myacr-azurecr.example/x",
    "https://[::1]/x",
    "https://169.254.169.254/metadata",
    "https://127.0.0.1/x",
    "//evil.example/x",
    "file:///etc/passwd",
    "https://eusmanaged1.blob.core.windows.net.evil.example/x",
    "https://%65vil.example/x",
    "https://evil。example/x",
    "https://[/x",
    "https://{host}:99999999/x",
    "",
)


def strings(hand: Hand) -> str:
    """Return a text that a service has no reason to send."""
    choices: list[Callable[[], str]] = [
        hand.canary,
        lambda: f"see {hand.canary()} there",
        lambda: base64.b64encode(f"x:{hand.canary()}".encode("utf-8", "replace")).decode(),
        lambda: CONTROL,
        lambda: COMMANDS,
        lambda: "\ud800",
        lambda: "{0}{registry}%s%n{{",
        lambda: str(hand.one(LONG)),
        lambda: "",
        lambda: "9999-12-31T23:59:59-12:00",
        lambda: "0000-00-00T00:00:00Z",
        lambda: str(hand.one(ADDRESSES)),
        lambda: "client with IP '%s' is not allowed access" % ("9" * 300),
        lambda: "AADSTS" + "7" * 40,
        lambda: "AADSTS7000215: " + hand.canary(),
        lambda: "(" * 2_000,
        lambda: "!" * 2_000,
        lambda: "repositories/" + "/" * 500,
        lambda: "<script>alert(1)</script>",
    ]
    return hand.one(choices)()


def values(hand: Hand) -> Any:
    """Return a JSON value of any type; floats may be outside of what JSON can hold."""
    choices: list[Callable[[], Any]] = [
        lambda: strings(hand),
        lambda: strings(hand),
        lambda: None,
        lambda: True,
        lambda: -1,
        lambda: 10**400,
        lambda: float("inf"),
        lambda: float("nan"),
        lambda: 0.5,
        list,
        dict,
        lambda: [strings(hand), None, 5, {}],
        lambda: {"a": strings(hand)},
        lambda: [[[[strings(hand)]]]],
        lambda: {strings(hand): strings(hand)},
    ]
    return hand.one(choices)()


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _places(inner, (*here, key))
    return found


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("eyJ") and value.count(".") == 2


def changed(value: Any, hand: Hand) -> Any:
    """Return a JSON value with one to three places replaced, removed, or one of them swollen."""
    swollen = False  # what is swollen is the same value many times: swollen within, it would be gigabytes
    for _ in range(hand.one([1, 1, 2, 3])):
        places = _places(value)
        if not places:
            return values(hand)
        *way, last = hand.one(places)
        parent = _at(value, tuple(way))
        match hand.one(["replace", "replace", "replace", "token", "remove", "swell"]):
            case "replace":
                parent[last] = values(hand)
            case "token":
                parent[last] = token(hand, parent[last])
            case "remove":
                del parent[last]
            case "swell" if not swollen and len(json.dumps(parent[last])) < _SMALL:
                parent[last], swollen = [parent[last]] * 200, True
    return value


def token(hand: Hand, value: Any) -> Any:
    """Return a token with other claims, for one; anything else for what is none."""
    if not _is_token(value):
        return values(hand)
    parts = value.split(".")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if hand.one([True, False]):
        claims[hand.one(["exp", "nbf", "aud", "oid", "tid", "appid", "access", "permissions", "aad_identity"])] = (
            values(hand)
        )
        if hand.one([True, False]):
            claims["access"] = [{"type": "repository", "name": values(hand), "actions": values(hand)}]
    else:
        claims = changed(claims, hand)
    return ".".join(
        (parts[0], base64.urlsafe_b64encode(_json(claims)).decode().rstrip("="), hand.one([parts[2], "", "x"]))
    )


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()  # what UTF-8 has no bytes for is escaped


def other_body(answer: Answer, hand: Hand) -> None:
    """Change what the body says, in its own structure where it has one."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        answer.body = hand.one(
            [b"", b"{", b"null", b"[]", b"\xff" * 64, answer.body[:7], strings(hand).encode("utf-8", "surrogatepass")]
        )
        return
    tokens = [place for place in _places(value) if _is_token(_at(value, place))]
    ways = ["change", "change", "change", "change", "deep", "twice", "encoding", "error", "cut", "array"]
    match hand.one([*ways, *["claims"] * 6] if tokens else ways):
        case "claims":
            *way, last = hand.one(tokens)
            _at(value, tuple(way))[last] = token(hand, _at(value, (*way, last)))
            answer.body = _json(value)
        case "change":
            answer.body = _json(changed(value, hand))
        case "deep":
            answer.body = hand.one([b"[" * 100_000, b'{"a":' * 50_000, b"[" * 900 + b"]" * 900])
        case "twice":
            answer.body = answer.body[:-1] + b',"access_token":1,"errors":[{"code":5}]}'
        case "encoding":
            answer.body = hand.one(
                [b"\xef\xbb\xbf" + answer.body, answer.body.decode("utf-8", "replace").encode("utf-16")]
            )
        case "error":
            answer.status = hand.one([400, 401, 403, 404, 429, 500, 503])
            error = {"code": strings(hand), "message": strings(hand), "detail": values(hand)}
            answer.body = _json({"errors": [error], "error": hand.one([strings(hand), error])})
        case "cut":
            answer.body = answer.body[: hand.chance.randrange(len(answer.body) + 1)]
        case "array":
            answer.body = _json([value] * 3)


def other_headers(answer: Answer, hand: Hand) -> None:
    """Change headers: remove some, say odd things in others, send many."""
    odd = strings(hand)[:60_000].replace("\r", " ").replace("\n", " ").replace("\0", "")
    odd = odd.encode("utf-8", "replace").decode("latin-1")
    host = "myacr.azurecr.io"
    own = {name.lower() for name, _ in answer.headers}
    ways = ["drop", "challenge", "location", "name", "cookie", "retry", "many", "date", "type"]
    # What an answer says of where to go on is what is worth lying about.
    match hand.one(ways + ["challenge"] * 9 * ("www-authenticate" in own) + ["location"] * 9 * ("location" in own)):
        case "drop":
            answer.headers = []
        case "challenge":
            realm = hand.one(ADDRESSES).format(host=host).encode("utf-8", "replace").decode("latin-1")
            made = f'Bearer realm="{realm}",service="{odd[:200]}",scope="{odd[:200]}",error="{odd[:100]}"'
            answer.status, value = (
                401,
                hand.one([made, made[:40], "Basic", "Bearer", f"{made}, Negotiate, {made}", odd]),
            )
            answer.header("WWW-Authenticate", value)
        case "location":
            answer.status = hand.one([301, 302, 303, 307, 308])
            where = hand.one(ADDRESSES).format(host=host).encode("utf-8", "replace").decode("latin-1")
            answer.header("Location", where)
        case "name":
            answer.header(
                hand.one(["Server", "X-Ms-Correlation-Request-Id", "Content-Type", "Docker-Content-Digest"]), odd
            )
        case "cookie":
            answer.header("Set-Cookie", f"a={odd[:50]}; Domain=.azurecr.io; expires=Wed, 01-Jan-{'9' * 5_000}")
        case "retry":
            answer.status = hand.one([429, 503])
            answer.header(
                "Retry-After", hand.one(["9" * 400, "-1", "1e9", "0", odd[:100], "Wed, 01 Jan 9999 00:00:00 GMT"])
            )
        case "many":
            answer.headers += [(f"X-{number}", "y") for number in range(hand.one([50, 150, 12_000]))]
        case "date":
            answer.header(
                "Date", hand.one(["Wed, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -1200", odd[:80]])
            )
        case "type":
            answer.header("Content-Type", hand.one(["text/html", "application/json; charset=utf-7", odd[:80], ""]))


def other_status(answer: Answer, hand: Hand) -> None:
    """Say another status, the body and the headers as they are or gone."""
    answer.status = hand.one(
        [200, 201, 204, 206, 301, 307, 400, 401, 403, 404, 405, 409, 418, 429, 500, 502, 503, 504, 999]
    )
    if hand.one([True, False]):
        answer.body = b""


def raw(answer: Answer, hand: Hand) -> list[Step]:
    """Return bytes that break the framing of HTTP, or stop somewhere."""
    whole = answer.encoded()
    cut = hand.chance.randrange(len(whole))
    end = hand.one([HOLD, 0.05, 0.3]) if hand.stalls else hand.one([CLOSE, RESET])
    head, body = whole.split(b"\r\n\r\n", 1)
    wrong = head.replace(b"Content-Length: ", b"Content-Length: 9")
    chunked = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
    chunked += b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    one_byte = b"".join(b"1\r\n%c\r\n" % byte for byte in body[:20_000])
    choices: list[Callable[[], list[Step]]] = [
        lambda: [whole[:cut], CLOSE],
        lambda: [whole[:cut], RESET],
        lambda: [whole[:cut], end],
        lambda: [wrong + b"\r\n\r\n" + body, CLOSE],
        lambda: [head.replace(b"Content-Length: ", b"Content-Length: -") + b"\r\n\r\n" + body, CLOSE],
        lambda: [chunked + one_byte + b"0\r\n\r\n"],
        lambda: [chunked + b"ffffffffffffffff\r\n" + body, CLOSE],
        lambda: [chunked + b"zz\r\n" + body, CLOSE],
        lambda: [chunked + b"5;" + b"x" * 70_000 + b"\r\nhello\r\n0\r\n\r\n"],
        lambda: [b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000 + whole],
        lambda: [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 500, end],
        lambda: [b"<html>this is no HTTP</html>", CLOSE],
        lambda: [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", CLOSE],
        lambda: [whole.replace(b"HTTP/1.1 ", b"HTTP/1.1 " + b"9" * 5_000, 1), CLOSE],
        lambda: [whole.replace(b"HTTP/1.1 ", b"HTTP/9.9 ", 1), CLOSE],
        lambda: [whole.replace(b" OK", b" " + hand.canary().encode("utf-8", "replace").replace(b"\n", b""), 1)],
        lambda: [b"\x00" * 4_096, CLOSE],
        lambda: [head + b"\r\nContent-Encoding: gzip\r\n\r\n" + body],
        lambda: [head + b"\r\nX: " + b"y" * 200_000 + b"\r\n\r\n" + body],
        lambda: [head + b"\r\nX: " + hand.canary().encode("utf-8", "replace").replace(b"\n", b"") + b"\r\n\r\n" + body],
        lambda: [whole + whole],
        lambda: [chunked, *[b"400\r\n" + b"y" * 1024 + b"\r\n"] * 6_000, CLOSE],
        lambda: [CLOSE],
        lambda: [RESET],
        lambda: [end],
    ]
    return hand.one(choices)()


def hostile(answer: Answer, hand: Hand) -> list[Step]:
    """Return what a hostile peer does in the place of a healthy answer."""
    way = hand.one(["body", "body", "body", "headers", "headers", "status", "raw"])
    hand.drawn.append(way)
    match way:
        case "body":
            other_body(answer, hand)
        case "headers":
            other_headers(answer, hand)
        case "status":
            other_status(answer, hand)
        case "raw":
            return raw(answer, hand)
    if hand.one([0, 0, 0, 1]):
        other_headers(answer, hand)
    return [answer.encoded()]
