"""Where CI systems give id tokens to their jobs: GitHub Actions and Azure Pipelines, each in its own form."""

from __future__ import annotations

import hmac
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from pytest_acrauth.emulator.azure.answers import JSON, Answer, as_json, http_date, new_id
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.jobs import Job

#: Where Azure DevOps sends whoever is not signed in, unless asked not to.
_SIGN_IN = "https://spsprodcus3.vssps.visualstudio.com/_signin?realm=dev.azure.com"


class IdTokens:
    """The ASGI application at the host of every job that a world has."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        job = self._world.cloud.jobs[request.url.hostname or ""]
        if request.url.path != job.path:
            answer = self._json(404, {"message": "Not Found"})
        elif job.connection:
            answer = self._for_pipeline(job, request)
        else:
            answer = self._for_action(job, request)
        await answer(scope, receive, send)

    def _for_action(self, job: Job, request: Request) -> Answer:
        if not self._knows(job, request):
            return self._json(401, {"message": "The request token is not valid for this job."})
        return self._json(200, {"count": 1, "value": self._token(job, request.query_params.get("audience", ""))})

    def _for_pipeline(self, job: Job, request: Request) -> Answer:
        if request.method != "POST":
            text = f"The requested resource does not support http method '{request.method}'."
            return self._json(405, {"count": 1, "value": {"Message": text}})
        if not self._knows(job, request):
            if request.headers.get("x-tfs-fedauthredirect", "").lower() == "suppress":
                return Answer(401, [("WWW-Authenticate", "Bearer"), *self._dated()])
            page = f'<html><body><h2>Object moved to <a href="{_SIGN_IN}">here</a>.</h2></body></html>'
            return Answer(302, [("Location", _SIGN_IN), ("Content-Type", "text/html"), *self._dated()], page.encode())
        if request.query_params.get("serviceConnectionId") != job.connection:
            return self._json(404, {"$id": "1", "message": "The service connection was not found.", "errorCode": 0})
        return self._json(200, {"oidcToken": self._token(job, job.audience)})

    def _knows(self, job: Job, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), job.request_token.encode())
        return known and self._world.cloud.now() < job.ends

    def _token(self, job: Job, audience: str) -> str:
        now = self._world.cloud.now() - job.slow
        dates = {"iat": int(now), "nbf": int(now), "exp": int(now + job.life)}
        return job.signer.sign({"iss": job.issuer, "sub": job.subject, "aud": audience, "jti": new_id(), **dates})

    def _json(self, status: int, value: dict[str, Any]) -> Answer:
        return Answer(status, [("Content-Type", JSON), *self._dated()], as_json(value))

    def _dated(self) -> list[tuple[str, str]]:
        return [("Date", http_date(self._world.cloud.now()))]
