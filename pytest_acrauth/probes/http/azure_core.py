"""azure-core's way into the one HTTP stack: a transport over public classes, and the answers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode

import httpx
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.utils import case_insensitive_dict

from pytest_acrauth.model.foreign_json import is_too_deep
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.probes.http.client import Http, Response, send_patiently
from pytest_acrauth.probes.http.replies import parse_json, register_issued

_SECRET_FIELDS = ("client_secret", "client_assertion")


class Unreached(ServiceRequestError):
    """A request that got no usable answer; ``response`` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.trouble}: {response.text}" if response.text else str(response.trouble))
        self.response = response


class Transport(HttpTransport[HttpRequest, HttpResponse]):
    """azure-core's way into one `Http`: its deadline, its connections, its register of secrets.

    ``allows(method, url)`` says which requests may be sent; others raise `Unreached`, and nothing leaves. ``responses``
    keeps every one, because azure-identity's own exceptions lose Entra's number. ``patient`` asks again whoever asked
    for silence.
    """

    def __init__(
        self, http: Http, secrets: Secrets, allows: Callable[[str, str], bool], *, patient: bool = False
    ) -> None:
        self.http = http
        self.secrets = secrets
        self.responses: list[Response] = []
        self._allows = allows
        self._patient = patient

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - the deadline decides
        if not self._allows(request.method, request.url):
            raise Unreached(
                Response(None, trouble=Trouble.WITHHELD, text=f"not sent to {self.secrets.clean(request.url, 100)}")
            )
        content = _content(request)
        self._register(content)
        send = partial(send_patiently, self.http) if self._patient else self.http.send
        response = send(request.method, request.url, headers=request.headers, content=content)
        self.responses.append(response)
        if response.reply is None or response.trouble is not None:
            raise Unreached(response)
        self._register(response.body)
        return _Response(request, response)

    def _register(self, body: bytes | None) -> None:
        """Register what a request or an answer carries as a secret."""
        found = parse_json(body or b"")
        if not isinstance(found, dict):
            found = {name: values[0] for name, values in parse_qs((body or b"").decode("utf-8", "replace")).items()}
        for name in _SECRET_FIELDS:
            if isinstance(found.get(name), str):
                self.secrets.add(found[name])
        register_issued(found, self.secrets)

    def open(self) -> None:
        """Do nothing: connections are opened as they are needed."""

    def close(self) -> None:
        """Do nothing: whoever made the `Http` closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


def _content(request: HttpRequest) -> bytes | None:
    """Return a request's body as bytes; azure-core leaves a form as a mapping."""
    content = request.content
    if isinstance(content, Mapping):
        return urlencode(content, doseq=True).encode()
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes) else None


class _Response(HttpResponse):
    """One answer that has been read to its end, as azure-core wants to see it."""

    def __init__(self, request: HttpRequest, response: Response) -> None:
        self._request = request
        self._headers = case_insensitive_dict(response.headers)
        self._response = httpx.Response(
            response.reply.status if response.reply else 0,
            headers=[(name, value) for name, value in response.headers.items() if name != "content-encoding"],
            # azure-core parses whatever it is given; an answer that no parser survives is an empty one to it.
            content=b"" if is_too_deep(response.body.decode("utf-8", "replace")) else response.body,
        )

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def status_code(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    def reason(self) -> str:
        known = self.status_code in HTTPStatus._value2member_map_
        return HTTPStatus(self.status_code).phrase if known else ""

    @property
    def content_type(self) -> str | None:
        return self._headers.get("content-type")

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return self._response.encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        if value is not None:
            self._response.encoding = value

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def content(self) -> bytes:
        return self._response.content

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding, "replace") if encoding else self._response.text

    def json(self) -> Any:
        return self._response.json()

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def close(self) -> None:
        return None

    def read(self) -> bytes:
        return self.content

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:  # noqa: ARG002
        yield self.content

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:  # noqa: ARG002
        yield self.content
