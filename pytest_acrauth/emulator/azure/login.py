"""A registry's own token server: the exchange, access tokens, and whom Basic credentials belong to."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from pytest_acrauth.emulator.azure.answers import GUARD, JSON, Answer, Refusal, as_json, form_of, http_date, new_id
from pytest_acrauth.emulator.azure.issuing import MANAGEMENT_AUDIENCES, REGISTRY_AUDIENCE
from pytest_acrauth.emulator.azure.rights import (
    ALL,
    PERMISSIONS,
    Caller,
    Kind,
    actions_on,
    known,
    lists_catalog,
    roles_of,
)
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import Cloud, Registry

_ISSUER = "Azure Container Registry"
_NULL_GUID = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
REQUIRED = "authentication required, visit https://aka.ms/acr/authorization for more information."
_REFRESH_LIFE = 3 * 3600
_ACCESS_LIFE = 75 * 60


def errors(code: str, message: str, **more: object) -> bytes:
    """Return the body of a registry's error."""
    return as_json({"errors": [{"code": code, "message": message, **more}]})


class TokenServer:
    """Answers ``/oauth2/exchange`` and ``/oauth2/token`` of every registry."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _cloud(self) -> Cloud:
        return self._world.cloud

    async def exchange(self, request: Request) -> Answer:
        """Turn an Entra token into a refresh token."""
        registry = self._open(request)
        form = await form_of(request)
        if form.get("grant_type") not in {"access_token", "access_token_refresh_token"}:
            raise self._refusal(400, "UNSUPPORTED", "the grant type is not supported")
        audiences = {REGISTRY_AUDIENCE, *MANAGEMENT_AUDIENCES}
        claims = self._cloud.entra.read(form.get("access_token", ""), audiences, self._cloud.now())
        refused = claims is None or (claims["aud"] != REGISTRY_AUDIENCE and not registry.arm_audience_accepted)
        if refused:
            raise self._refusal(401, "UNAUTHORIZED", f"token validation failed. CorrelationId: {new_id()}")
        caller = Caller(Kind.PRINCIPAL, claims["oid"]) if claims and claims["tid"] == registry.tenant_id else None
        if caller is None or not known(self._cloud, registry, caller):
            raise self._refusal(401, "UNAUTHORIZED", f"{REQUIRED} CorrelationId: {new_id()}")
        return self._answer({"refresh_token": self.refresh_token(registry, caller, self._cloud.now())})

    async def token(self, request: Request) -> Answer:
        """Give an access token to whoever proves to be somebody, with the part of the asked scopes that is held."""
        registry = self._open(request)
        form = await form_of(request) if request.method == "POST" else QueryParams()
        asked = [*form.getlist("scope"), *request.query_params.getlist("scope")]
        caller = self._caller(registry, request, form)
        if not known(self._cloud, registry, caller):
            raise self._refusal(401, "UNAUTHORIZED", REQUIRED)
        scopes = [scope for value in asked for scope in value.split()]
        entries = [entry for scope in scopes if (entry := self._granted(registry, caller, scope))]
        return self._answer({"access_token": self._access_token(registry, caller, entries)})

    def by_basic(self, registry: Registry, encoded: str) -> Caller:
        """Return whose credentials these are, looked up in the order the registry's texts suggest, or refuse."""
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise self._refusal(401, "UNAUTHORIZED", REQUIRED) from None
        return self._by_password(registry, user, password)

    def holds(self, registry: Registry, caller: Caller, kind: str, name: str, action: str) -> bool:
        """Whether a caller may do this, asked for without an access token."""
        entry = self._granted(registry, caller, f"{kind}:{name}:{action}")
        return bool(entry) and known(self._cloud, registry, caller)

    def access(self, registry: Registry, token: str) -> list[dict[str, Any]] | None:
        """Return what an access token of this registry grants, or None for anything else."""
        claims = self._cloud.token_server.read(token, {registry.login_server}, self._cloud.now())
        return claims["access"] if claims and claims["grant_type"] == "access_token" else None

    def firewall(self, request: Request, registry: Registry) -> None:
        """Refuse a caller whose address the registry's network rules do not let in."""
        egress = self._world.network.egress
        if not registry.admits(egress, request.state.address, self._cloud.now()):
            text = (
                f"client with IP '{egress}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
            )
            raise self._refusal(403, "DENIED", text)

    def _open(self, request: Request) -> Registry:
        registry = self._cloud.registry_at(request.state.host)
        if registry is None:
            raise Refusal(Answer(404, self._headers()))
        self.firewall(request, registry)
        if registry.login_throttled:
            body = errors("TOOMANYREQUESTS", "too many requests")
            raise Refusal(Answer(429, [*self._headers(), ("Retry-After", str(registry.silence))], body))
        return registry

    def _caller(self, registry: Registry, request: Request, form: QueryParams) -> Caller:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self.by_basic(registry, encoded)
        if form.get("grant_type") == "refresh_token":
            return self._by_registry_token(registry, form.get("refresh_token", ""), {"refresh_token"})
        if form.get("username"):
            return self._by_password(registry, form["username"], form.get("password", ""))
        return Caller(Kind.NOBODY)

    def _by_password(self, registry: Registry, user: str, password: str) -> Caller:
        now = self._cloud.now()
        if user == _NULL_GUID:
            return self._by_registry_token(registry, password, {"refresh_token", "access_token"})
        if user == registry.name:
            if registry.admin_enabled and _among(password, registry.admin_passwords):
                return Caller(Kind.ADMIN, user)
        elif user in registry.tokens:
            token = registry.tokens[user]
            if token.enabled and _among(password, token.current(now, caught_up=registry.caught_up)):
                return Caller(Kind.TOKEN, user)
        else:
            return self._by_application(registry, user, password)
        raise self._refusal(401, "UNAUTHORIZED", REQUIRED)

    def _by_application(self, registry: Registry, user: str, password: str) -> Caller:
        application = self._cloud.applications.get(user.lower()) if _GUID.fullmatch(user) else None
        principal = application.principals.get(registry.tenant_id) if application else None
        if application is None or principal is None:
            raise self._refusal(401, "UNAUTHORIZED", "Application not registered with AAD.")
        now = self._cloud.now()
        current = [secret.value for secret in application.all_secrets if secret.valid(now)]
        if not application.admitted(now) or not _among(password, current):
            raise self._refusal(401, "UNAUTHORIZED", "Invalid clientid or client secret.")
        return Caller(Kind.PRINCIPAL, principal)

    def _by_registry_token(self, registry: Registry, token: str, kinds: set[str]) -> Caller:
        claims = self._cloud.token_server.read(token, {registry.login_server}, self._cloud.now())
        if claims is None or claims["grant_type"] not in kinds:
            raise self._refusal(401, "UNAUTHORIZED", REQUIRED)
        if claims["grant_type"] == "refresh_token" and ("aad_identity" in claims) is not registry.abac:
            raise self._refusal(401, "UNAUTHORIZED", REQUIRED)  # a change of the mode ends the logins from before it
        kind, _, name = claims["sub"].partition("/")
        if name:
            return Caller(Kind(kind), name)
        users = {each.name: each.object_id for each in self._cloud.users}
        return Caller(Kind.PRINCIPAL, users.get(kind, kind), _as_said(claims))

    def _granted(self, registry: Registry, caller: Caller, scope: str) -> dict[str, Any] | None:
        """Return the access entry for one scope, reduced to what is held; None where nothing is."""
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        asked = actions.split(",")
        if kind == "registry" and name == "catalog":
            granted = ["*"] if lists_catalog(self._cloud, registry, caller) else []
        elif kind == "repository":
            held = actions_on(self._cloud, registry, caller, name)
            granted = ["*"] if "*" in asked and held == ALL else sorted(held) if "*" in asked else []
            granted = granted or [action for action in asked if action in held]
        else:
            granted = []
        return {"type": kind, "name": name, "actions": granted} if granted else None

    def refresh_token(self, registry: Registry, caller: Caller, issued: float) -> str:
        """Return a refresh token as it was issued at a time, which may be so long ago that it has ended."""
        if registry.abac:
            about: dict[str, Any] = {"aad_identity": caller.name}
        else:
            about = {"permissions": {"actions": self._permissions(registry, caller), "notActions": []}}
        more = {"tenant": registry.tenant_id, **about}
        return self._sign(registry, caller, ("refresh_token", issued, _REFRESH_LIFE), more)

    def _permissions(self, registry: Registry, caller: Caller) -> list[str]:
        if any("*" in role.actions for role in roles_of(self._cloud, registry, caller)):
            return ["*"]
        held = actions_on(self._cloud, registry, caller, "*")
        return [word for word, actions in PERMISSIONS.items() if word != "*" and actions <= held]

    def _access_token(self, registry: Registry, caller: Caller, entries: list[dict[str, Any]]) -> str:
        return self._sign(registry, caller, ("access_token", self._cloud.now(), _ACCESS_LIFE), {"access": entries})

    def _sign(self, registry: Registry, caller: Caller, kind: tuple[str, float, int], more: dict[str, Any]) -> str:
        grant, issued, life = kind
        now = int(issued)
        users = {each.object_id: each.name for each in self._cloud.users}
        subject = users.get(caller.name, caller.name)
        if caller.kind is not Kind.PRINCIPAL:
            subject = f"{caller.kind}/{caller.name}"
        common = {"jti": new_id(), "sub": subject, "nbf": now - 900, "exp": now + life, "iat": now, "iss": _ISSUER}
        about = {"aud": registry.login_server, "version": "1.0", "grant_type": grant, "roles": []}
        return self._cloud.token_server.sign({**common, **about, **more})

    def _headers(self) -> list[tuple[str, str]]:
        return [
            ("Server", "openresty"),
            ("Date", http_date(self._cloud.now())),
            ("Content-Type", JSON),
            ("Connection", "keep-alive"),
            ("X-Ms-Correlation-Request-Id", new_id()),
            ("x-ms-ratelimit-remaining-calls-per-second", "166.65"),
            GUARD[0],
        ]

    def _answer(self, value: dict[str, str]) -> Answer:
        return Answer(200, self._headers(), as_json(value))

    def _refusal(self, status: int, code: str, message: str) -> Refusal:
        return Refusal(Answer(status, self._headers(), errors(code, message)))


def _as_said(claims: dict[str, Any]) -> frozenset[str] | None:
    """Return what a refresh token lets its holder do; None where rights are given by repository."""
    if "permissions" not in claims:
        return None
    said = [PERMISSIONS[word] for word in claims["permissions"]["actions"]]
    untold = ALL.difference(*(actions for word, actions in PERMISSIONS.items() if word != "*"))
    return untold.union(*said)


def _among(value: str, candidates: list[str] | tuple[str, ...]) -> bool:
    return any(hmac.compare_digest(value.encode(), candidate.encode()) for candidate in candidates)
