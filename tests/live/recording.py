"""What is kept of requests and answers: rows as those of ``../shared/corpus/wire-dev.jsonl``, free of secrets and ids.

Whatever comes from outside passes `Door`, key or value, before it is compared, printed or written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from live.requests import Asked
from live.visit import Sent
from shapes import grouped

from pytest_acrauth.model.secret import MASK, Secret, Secrets
from pytest_acrauth.plugin.cleaning.masking import Masking
from pytest_acrauth.probes.http.replies import TOKENS, parse_json

_LONGEST = 4000  # characters of a text
_MOST = 200  # keys of an object, entries of a list
#: A mail address or a user name, a guest's too, also as addresses and pages spell it.
_PERSON = re.compile(r"(?<![\w.+%#-])[\w.+%#-]{1,100}?(?:@|%40|&#0*64;)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
#: What lets somebody in and nobody registered: an Authorization value, an account's key, a private key.
_LETS_IN = re.compile(
    r"(?<=bearer )(?!\w+=\")[\w+/=.~-]{12,}|(?<=basic )(?!\w+=\")[\w+/=.~-]{12,}"
    r"|(?<=key=)[\w+/=%]{16,}|(?<=PRIVATE KEY-----).*",
    re.IGNORECASE,
)
_DASH = re.compile("%2d", re.IGNORECASE)
_TELLS = re.compile("secret|password|assertion|token$|signature", re.IGNORECASE)
#: Headers whose value says who somebody is, or lets them in.
_KEPT_TO_THEMSELVES = {"authorization", "cookie", "set-cookie", "proxy-authorization"}


class Door:
    """The one way into a record: no secret passes, no id of a tenant, an object or a subscription, and no address.

    ``environ`` is what the machine was given: the ids in it are masked wherever they stand.
    """

    def __init__(self, secrets: Secrets, environ: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._masking = Masking()
        self._masking.know(environ)

    def text(self, text: str, name: str = "") -> str:
        """Return a text as it may be kept; ``name`` is what it stands under."""
        kept = _LETS_IN.sub(MASK, _DASH.sub("-", self._secrets.clean(text, _LONGEST)))
        return _PERSON.sub("<person>", self._masking.mask(kept, name))

    def foreign(self, value: Any, name: str = "") -> Any:
        """Return a JSON value of somebody else's as it may be kept; what is called a secret is masked."""
        if isinstance(value, str) and (name in TOKENS or _TELLS.search(name)):
            return MASK
        return self._through(self.foreign, value, name)

    def own(self, value: Any, name: str = "") -> Any:
        """Return a JSON value of ours, which holds no secret, as it may be kept."""
        return self._through(self.own, value, name)

    def _through(self, inside: Callable[[Any, str], Any], value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {self.text(key): inside(entry, key) for key, entry in [*value.items()][:_MOST]}
        if isinstance(value, list):
            return [inside(entry, name) for entry in value[:_MOST]]
        return self.text(value, name) if isinstance(value, str) else value

    def body(self, body: bytes) -> str:
        """Return a body as it may be kept: JSON as JSON, all else as one line of text."""
        found = parse_json(body)
        if isinstance(found, dict | list):
            return json.dumps(self.foreign(found), ensure_ascii=False, separators=(",", ":"))
        return self.text(body.decode("utf-8", "replace"))

    def headers(self, headers: httpx.Headers) -> dict[str, Any]:
        """Return the headers of an answer as they may be kept."""
        kept: dict[str, Any] = {}
        for name, value in grouped(headers).items():
            values = [self._header(name, each) for each in ([value] if isinstance(value, str) else value)]
            kept[self.text(name)] = values[0] if len(values) == 1 else values
        return kept

    def _header(self, name: str, value: str) -> str:
        if name.lower() in _KEPT_TO_THEMSELVES:
            return MASK
        return self.address(value) if name.lower() == "location" else self.text(value, name)

    def address(self, address: str) -> str:
        """Return an address as it may be kept; of what a signed one says, only the names."""
        parts = urlsplit(address)
        names = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        signed = any(name.lower() == "sig" for name, _ in names)
        query = urlencode([(name, MASK if signed else value) for name, value in names], safe="*:,/")
        return self.text(parts._replace(query=query).geturl())


def row_of(asked: Asked, sent: Sent, door: Door) -> dict[str, Any]:
    """Return the row of one request and what came; the label of an answer is for a person to say."""
    response = sent.response
    reply = response.reply
    answer: dict[str, Any] = {"status": None, "headers": {}, "body": None}
    note = ""
    if reply is None or (response.trouble is not None and asked.first_bytes is None):
        note = door.text(f"no answer: {response.trouble} {response.text}".strip())
    else:
        kept = not (asked.content and 200 <= reply.status < 300)
        headers = response.headers
        assert isinstance(headers, httpx.Headers)
        answer = {
            "status": reply.status,
            "headers": door.headers(headers),
            "body": door.body(response.body) if kept else None,
        }
    return {
        "id": asked.id,
        "source": "pytest tests/live",
        "request": {
            "method": asked.method,
            "url": door.address(sent.address),
            "headers": {name: _shown(name, value, door) for name, value in sent.headers.items()},
            "body": urlencode({name: _shown(name, value, door) for name, value in sent.form.items()}, safe="*:/")
            or None,
        },
        "response": answer,
        "kind": asked.kind,
        "label": "",
        "also": [],
        "note": note,
    }


def _shown(name: str, value: str | Secret, door: Door) -> str:
    return MASK if isinstance(value, Secret) or name.lower() in _KEPT_TO_THEMSELVES else door.text(value, name)


def write(folder: Path, name: str, lines: list[str]) -> None:
    """Write one file of a record. What is there already is somebody's own: FileExistsError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("x", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def as_lines(rows: Mapping[str, Any]) -> list[str]:
    """Return rows as JSON lines."""
    return [json.dumps(row, ensure_ascii=False) for row in rows.values()]
