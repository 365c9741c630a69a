"""An HTTP answer reduced to the facts that may be evidence."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.observation import Reply
from pytest_acrauth.model.secret import Secrets

_REGISTRY_HEADERS = ("docker-distribution-api-version", "x-ms-correlation-request-id")
_RATE_LIMIT = "x-ms-ratelimit-"
#: The fields in which peers hand out tokens.
TOKENS = ("access_token", "refresh_token", "accessToken", "id_token")
_SIGNATURE = re.compile(r"[?&;]sig=([^&;#\s]{16,1000})", re.IGNORECASE)


def parse_json(body: bytes) -> Any:
    """Return the JSON value in a body, or None for bytes that hold none that can be walked through."""
    try:
        return load_foreign_json(body)
    except ValueError:
        return None


def register_issued(found: Any, secrets: Secrets) -> None:
    """Register the tokens that a peer hands out in its answer, before a word of the answer is kept."""
    for name in TOKENS if isinstance(found, dict) else ():
        if isinstance(found.get(name), str):
            secrets.issued(found[name])


def read_reply(method: str, response: httpx.Response, body: bytes, secrets: Secrets) -> Reply:
    """Keep what an answer says for a diagnosis: bounded, cleaned, without secrets.

    What it hands out, tokens and the signature of the address it leads to, is registered first.
    """
    found = parse_json(body)
    if response.status_code == 200:
        register_issued(found, secrets)
    location = response.headers.get("location", "")
    for signature in _SIGNATURE.findall(location):
        secrets.add(signature)
        secrets.add(unquote(signature))

    def header(name: str, limit: int = 300) -> str:
        return secrets.clean(response.headers.get(name, ""), limit)

    code, message, detail = (secrets.clean(part) for part in _error(found))
    # Entra says it in the body, and uses the registry's headers for something else.
    correlation = found.get("correlation_id") if isinstance(found, dict) else None
    excerpt = "" if code or message else secrets.clean(body.decode("utf-8", "replace"), 300)
    url = response.request.url
    names = {name.lower() for name in response.headers}
    return Reply(
        method=method,
        url=secrets.clean(f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}", 400),
        status=response.status_code,
        code=code,
        message=message,
        detail=detail,
        body="" if 200 <= response.status_code < 300 else excerpt,
        content_type=header("content-type", 100),
        server=header("server", 100),
        authenticate=header("www-authenticate", 600),
        location_host=secrets.clean(urlsplit_host(location), 255),
        correlation_id=secrets.clean(correlation, 100)
        if isinstance(correlation, str)
        else header("x-ms-correlation-request-id", 100) or header("x-ms-request-id", 100),
        retry_after=header("retry-after", 100),
        date=header("date", 100),
        from_registry=any(name in names for name in _REGISTRY_HEADERS) or any(n.startswith(_RATE_LIMIT) for n in names),
    )


def urlsplit_host(location: str) -> str:
    """Return the host of an absolute URL, or '' for anything else."""
    try:
        return (urlsplit(location).hostname or "").lower()
    except ValueError:
        return ""


def _error(value: Any) -> tuple[str, str, str]:
    """Return code, message and detail of a registry's ``errors`` list or of an Entra error."""
    if not isinstance(value, dict):
        return "", "", ""
    if isinstance(value.get("error"), str):
        return value["error"], str(value.get("error_description") or ""), ""
    errors = value.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "", "", ""
    detail = first.get("detail")
    shown = detail if isinstance(detail, str) else "" if detail is None else json.dumps(detail, ensure_ascii=False)
    return str(first.get("code") or ""), str(first.get("message") or ""), shown
