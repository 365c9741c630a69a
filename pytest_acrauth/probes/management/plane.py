"""The way to the management plane: Azure Resource Manager and Graph, for reading only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pytest_acrauth.model.secret import MASK, Secret, Secrets
from pytest_acrauth.model.target import Cloud
from pytest_acrauth.probes.http.client import Http, Response, send_patiently
from pytest_acrauth.probes.http.replies import parse_json

#: How many pages of a list are read.
MOST_PAGES = 10
_READING_POSTS = ("/providers/Microsoft.ResourceGraph/resources", "/checkNameAvailability")
_LONGEST = 4000  # characters of a text; conditions of role assignments are the longest that are kept
_ACTION = re.compile(r"perform action '([^']{1,100})'")


class CouldNotLook(Exception):
    """A look that nobody could take; the text says why. ``status`` is the answer's, 0 where there was none."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


class Listed(NamedTuple):
    """The objects of a list, and whether it was read to its end: what stands behind it nobody has looked at."""

    entries: list[Mapping[str, Any]]
    whole: bool

    def within(self, most: int, what: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list that was read to its end. Raises `CouldNotLook` for one that goes on."""
        if not self.whole or len(self.entries) > most:
            raise CouldNotLook(f"there are more {what} than the {min(len(self.entries), most)} that were read")
        return self.entries


@dataclass(frozen=True, slots=True)
class Plane:
    """One asker at one cloud's management plane: its connections, and its tokens by audience."""

    http: Http
    cloud: Cloud
    secrets: Secrets
    token: Callable[[str], Secret]

    def allows(self, method: str, url: str) -> bool:
        """Whether a request may be sent: one that reads, at Resource Manager or Graph."""
        try:
            parts = urlsplit(url)
        except ValueError:  # what an answer called a resource's id made no address
            return False
        known = _origin(url) in {self.cloud.arm, self.cloud.graph}
        return known and (method == "GET" or (method == "POST" and parts.path.endswith(_READING_POSTS)))

    def ask_arm(self, path: str, version: str, *, query: str = "", body: object = None) -> Any:
        """Ask Resource Manager and return the JSON of its answer. Raises `CouldNotLook`."""
        url = f"{self.cloud.arm}{path}?api-version={version}{query}"
        return self._ask("GET" if body is None else "POST", url, self.cloud.arm_audience, body)

    def ask_graph(self, path: str) -> Any:
        """Ask Graph and return the JSON of its answer. Raises `CouldNotLook`."""
        return self._ask("GET", f"{self.cloud.graph}/v1.0{path}", self.cloud.graph, None)

    def list_arm(self, path: str, version: str, *, query: str = "") -> Listed:
        """Ask Resource Manager for a list, page after page. Raises `CouldNotLook`."""
        return self._listed(f"{self.cloud.arm}{path}?api-version={version}{query}", self.cloud.arm_audience)

    def list_graph(self, path: str) -> Listed:
        """Ask Graph for a list, page after page. Raises `CouldNotLook`."""
        return self._listed(f"{self.cloud.graph}/v1.0{path}", self.cloud.graph)

    def find_resources(self, query: str) -> Listed:
        """Ask Resource Graph, page after page, what a query finds that the asker may see. Raises `CouldNotLook`."""
        path, options = "/providers/Microsoft.ResourceGraph/resources", {"resultFormat": "objectArray"}
        found: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = self.ask_arm(path, "2022-10-01", body={"query": query, "options": options})
            found += entries(page, "data")
            if not (further := text(page, "$skipToken", _LONGEST)):
                return Listed(found, text(page, "resultTruncated").lower() != "true")
            options = options | {"$skipToken": further}
        return Listed(found, whole=False)

    def _listed(self, url: str, audience: str) -> Listed:
        """Read a list: a page of it may be empty and others follow; one that goes on elsewhere is not followed."""
        origin, found = _origin(url), []
        for _ in range(MOST_PAGES):
            page = self._ask("GET", url, audience, None)
            found += entries(page, "value")
            url = text(page, "nextLink", _LONGEST) or text(page, "@odata.nextLink", _LONGEST)
            if not url:
                return Listed(found, whole=True)
            if not self.allows("GET", url) or _origin(url) != origin or MASK in url or url.endswith("…"):
                break
        return Listed(found, whole=False)

    def _ask(self, method: str, url: str, audience: str, body: object) -> Any:
        if not self.allows(method, url):
            raise CouldNotLook(
                f"not asked: {method} {self.secrets.clean(url, 200)} is no reading of the management plane"
            )
        bearer = Secret(f"Bearer {self.token(audience).reveal()}")
        headers: dict[str, str | Secret] = {"Authorization": bearer, "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        response = send_patiently(self.http, method, url, headers=headers, content=content)
        return content_of(response, urlsplit(url).hostname or "", self.secrets)

    def ask_through_sdk(self, work: Callable[[], Any]) -> Any:
        """Call the SDK and return its model's JSON. Raises `CouldNotLook` for whatever it raises."""
        from azure.core.exceptions import HttpResponseError

        host = urlsplit(self.cloud.arm).hostname or ""
        try:
            return _cleaned(work(), self.secrets)
        except CouldNotLook:
            raise
        except HttpResponseError as error:
            status = error.status_code or 0
            content = error.response.content if error.response is not None else b""  # type: ignore[attr-defined]
            raise CouldNotLook(_refusal(status, _cleaned(parse_json(content), self.secrets), host), status) from error
        except Exception as error:
            raise CouldNotLook(f"{host}: {self.secrets.clean(str(error), 200)}") from error

    def sdk(self, subscription: str) -> Any:
        """Return azure-mgmt-containerregistry's client over this plane, without its retries and registrations."""
        from azure.core.credentials import AccessToken
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy
        from azure.mgmt.containerregistry import ContainerRegistryManagementClient

        from pytest_acrauth.probes.http.azure_core import Transport

        plane = self

        class Ours:
            def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
                return AccessToken(plane.token(plane.cloud.arm_audience).reveal(), 2**33)

        scope = f"{self.cloud.arm_audience}/.default"
        return ContainerRegistryManagementClient(
            Ours(),
            subscription,
            self.cloud.arm,
            credential_scopes=[scope],
            transport=Transport(self.http, self.secrets, self.allows, patient=True),
            policies=[BearerTokenCredentialPolicy(Ours(), scope)],
        )


def _origin(url: str) -> str:
    """Return scheme and host of an address that can be read; Resource Manager may name its port, which is the usual."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.removesuffix(':443')}"


def content_of(response: Response, host: str, secrets: Secrets) -> Any:
    """Return the JSON of a successful response, its texts as they may be kept.

    Raises `CouldNotLook` with the words of any other.
    """
    if response.reply is None or response.trouble is not None:
        raise CouldNotLook(f"{host}: {response.trouble}{f' ({response.text})' if response.text else ''}")
    found = _cleaned(parse_json(response.body), secrets)
    if response.reply.status == 200 and isinstance(found, dict):
        return found
    refusal = _refusal(response.reply.status, found, host)
    kind = response.reply.content_type
    if found is None and kind and response.reply.status < 500:  # somebody on the way: these hosts answer in JSON
        refusal += f" with {kind.partition(';')[0]} and not with JSON"
    raise CouldNotLook(refusal, response.reply.status)


def _cleaned(value: Any, secrets: Secrets) -> Any:
    """Return a JSON value whose texts may be kept."""
    if isinstance(value, str):
        return secrets.clean(value, _LONGEST)
    if isinstance(value, Mapping):
        return {secrets.clean(name, _LONGEST): _cleaned(entry, secrets) for name, entry in value.items()}
    return [_cleaned(entry, secrets) for entry in value] if isinstance(value, list) else value


def _refusal(status: int, found: object, host: str) -> str:
    """Say what was refused: the action that is missing, else status and code."""
    error = found.get("error") if isinstance(found, dict) else None
    code = text(error, "code", 60) if isinstance(error, dict) else ""
    action = _ACTION.search(text(error, "message", _LONGEST)) if isinstance(error, dict) else None
    missing = f", the right {action[1]} is missing" if action else ""
    return f"{host} answered {status} {code}".rstrip() + missing


def mapping(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field that is an object, else an empty one."""
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}


def entries(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a field that is a list."""
    value = found.get(name)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def text(found: Mapping[str, Any], name: str, limit: int = 300) -> str:
    """Return a field that is a text, bounded, else ''."""
    value = found.get(name)
    return _bounded(value, limit) if isinstance(value, str) else ""


def texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts of a field that is a list, bounded."""
    value = found.get(name)
    listed = value[:500] if isinstance(value, list) else []
    return tuple(_bounded(entry, 300) for entry in listed if isinstance(entry, str))


def _bounded(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1] + "…"


def all_texts(found: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Return the texts of a field of every object."""
    return tuple(text for entry in found for text in texts(entry, name))


def flag(found: Mapping[str, Any], name: str) -> bool | None:
    """Return a field that is true or false, else None."""
    value = found.get(name)
    return value if isinstance(value, bool) else None
