"""The way into ARM: who asks, whether their roles allow it, and the words for whoever does not get in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from pytest_acrauth.emulator.azure.answers import GUARD, JSON, Answer, Headers, Refusal, as_json, http_date, new_id
from pytest_acrauth.emulator.azure.issuing import MANAGEMENT_AUDIENCES
from pytest_acrauth.emulator.azure.paths import Asked
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, Cloud

_ROLE_DEFINITIONS = "microsoft.authorization/roledefinitions"


def denied(client: str, object_id: str, action: str, scope: str) -> str:
    """Return the words for a caller whose roles do not allow an action."""
    return (
        f"The client '{client}' with object id '{object_id}' does not have authorization to perform action '{action}' "
        f"over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials."
    )


class Gate:
    """Lets callers in, or not. What it finds out about a caller are the claims in the request's state."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _cloud(self) -> Cloud:
        return self._world.cloud

    def authenticate(self, request: Request, asked: Asked) -> None:
        """Find out who asks, or refuse; a subscription has a tenant, whose tokens alone are good for it."""
        tenant = None
        if asked.subscription is not None:
            subscription = self._cloud.subscriptions.get(asked.subscription.lower())
            if subscription is None:
                text = f"The subscription '{asked.subscription}' could not be found."
                raise self.refusal(404, "SubscriptionNotFound", text)
            tenant = subscription.tenant_id
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            text = "Authentication failed. The 'Authorization' header is missing."
            why = "The authentication failed because of missing 'Authorization' header."
            raise self._unauthenticated("AuthenticationFailed", text, tenant, why)
        claims = self._cloud.entra.signed(token)
        if claims is None:
            raise self._unauthenticated("InvalidAuthenticationToken", "The access token is invalid.", tenant)
        if claims["aud"] not in MANAGEMENT_AUDIENCES:
            allowed = ",".join(f"'{audience}'" for audience in MANAGEMENT_AUDIENCES)
            text = (
                f"The access token has been obtained for wrong audience or resource '{claims['aud']}'. It should "
                f"exactly match with one of the allowed audiences {allowed}."
            )
            raise self._unauthenticated("InvalidAuthenticationToken", text, tenant)
        if claims["exp"] <= self._cloud.now():
            ended, now = (self._clock(each) for each in (claims["exp"], self._cloud.now()))
            text = f"The access token expiry UTC time '{ended}' is earlier than current UTC time '{now}'."
            raise self._unauthenticated("ExpiredAuthenticationToken", text, tenant)
        if tenant is not None and claims["tid"] != tenant:
            right = f"https://login.windows.net/{tenant}"
            text = (
                f"The access token is from the wrong issuer '{claims['iss']}'. It must match the tenant "
                f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority "
                f"(URL) '{right}' to get the token. Note, if the subscription is transferred to another tenant there "
                "is no impact to the services, but information about new tenant could take time to propagate (up to "
                "an hour). If you just transferred your subscription and see this error message, please try back "
                "later."
            )
            raise self._unauthenticated("InvalidAuthenticationTokenTenant", text, tenant)
        if claims["oid"] in self._cloud.used_up:
            text = (
                f"Number of requests for subscription '{asked.subscription}' and operation '{asked.method}' exceeded "
                "the backend storage limit. Please try again after '17' seconds."
            )
            raise self.refusal(429, "SubscriptionRequestsThrottled", text, [("Retry-After", "17")])
        request.state.claims = claims

    @staticmethod
    def _clock(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%Y %I:%M:%S %p")

    def may(self, request: Request, action: str, scope: str) -> bool:
        """Whether the caller's roles allow an action."""
        return self._cloud.may(request.state.claims["oid"], action, scope)

    def authorise(self, request: Request, asked: Asked) -> None:
        """Refuse a caller whose roles do not allow what is asked."""
        # The tenant's own list holds the built-in ones alone, which are the same everywhere.
        everyone = asked.kind == _ROLE_DEFINITIONS and not asked.base
        if not everyone and not self.may(request, asked.action, asked.scope):
            claims = request.state.claims
            text = denied(claims.get("upn", claims["appid"]), claims["oid"], asked.action, asked.scope)
            headers = [("x-ms-failure-cause", "gateway"), ("Connection", "close")]
            raise self.refusal(403, "AuthorizationFailed", text, headers)

    def headers(self) -> list[tuple[str, str]]:
        """Return what every answer has."""
        return [
            ("Cache-Control", "no-cache"),
            ("Pragma", "no-cache"),
            ("Content-Type", JSON),
            ("Expires", "-1"),
            ("Server", "Kestrel"),
            ("x-ms-ratelimit-remaining-subscription-reads", "11999"),
            ("x-ms-request-id", new_id()),
            ("x-ms-correlation-request-id", new_id()),
            *GUARD,
            ("Date", http_date(self._cloud.now())),
        ]

    def json(self, value: dict[str, Any]) -> Answer:
        """Return an answer with a value."""
        return Answer(200, self.headers(), as_json(value))

    def refusal(self, status: int, code: str, text: str, more: Headers = ()) -> Refusal:
        """Return a refusal in the form of all of ARM's errors."""
        body = as_json({"error": {"code": code, "message": text}})
        return Refusal(Answer(status, [*self.headers(), *more], body))

    def _unauthenticated(self, code: str, text: str, tenant: str | None, why: str = "") -> Refusal:
        """Return a 401 that names the authority to ask, which tells a subscription's tenant to anybody."""
        parts = {
            "authorization_uri": f"https://{AUTHORITY}/{tenant or 'common'}",
            "error": "invalid_token",
            "error_description": why or text.partition(". ")[0],
        }
        challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())
        return self.refusal(401, code, text, [("WWW-Authenticate", challenge)])
