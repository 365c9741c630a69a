"""Microsoft Graph: applications and service principals, for whoever may read the directory."""

from __future__ import annotations

import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from pytest_acrauth.emulator.azure.answers import JSON, Answer, Refusal, as_json, http_date, new_id, page_of, refuse
from pytest_acrauth.emulator.azure.issuing import GRAPH_AUDIENCE
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import GRAPH
from pytest_acrauth.emulator.world.directory import Application, Password, moment

_BY_APP = re.compile(r"appId eq '(?P<id>[^']*)'")
_HINT = 3  # characters of a secret's value


class Graph:
    """The public cloud's directory interface."""

    def __init__(self, world: World) -> None:
        self._world = world
        one = "(appId='{id}')"
        self.app = Starlette(
            routes=[
                Route("/{version}/applications" + one + "/federatedIdentityCredentials", self._federated),
                Route("/{version}/applications" + one, self._application),
                Route("/{version}/applications", self._applications),
                Route("/{version}/applications/{object}", self._application),
                Route("/{version}/applications/{object}/federatedIdentityCredentials", self._federated),
                Route("/{version}/directoryObjects/getByIds", self._by_ids, methods=["POST"]),
                Route("/{version}/servicePrincipals" + one, self._principal),
                Route("/{version}/servicePrincipals", self._principals),
                Route("/{version}/servicePrincipals/{object}", self._principal),
            ],
            exception_handlers={Refusal: refuse},
        )

    async def _application(self, request: Request) -> Answer:
        tenant = self._tenant(request)
        found = [each for each in self._registered(tenant) if _is_named(request, each, each.object_id)]
        return self._one(request, "applications", [_application_json(each) for each in found])

    async def _applications(self, request: Request) -> Answer:
        tenant = self._tenant(request)
        return self._many(request, "applications", [_application_json(each) for each in self._registered(tenant)])

    async def _federated(self, request: Request) -> Answer:
        tenant = self._tenant(request)
        found = [each for each in self._registered(tenant) if _is_named(request, each, each.object_id)]
        if not found:
            raise self._not_found(str(request.path_params.get("id", request.path_params.get("object"))))
        rows = [
            {"name": "federated", "issuer": each.issuer, "subject": each.subject, "audiences": [each.audience]}
            for each in found[0].federated
        ]
        if not self._world.cloud.paged:
            return self._answer(200, {"value": rows})
        page, further = page_of(rows, request.query_params.get("$skiptoken", ""))
        link = f"https://{GRAPH}{request.url.path}?$skiptoken={further}"
        return self._answer(200, {"value": page} | ({"@odata.nextLink": link} if further else {}))

    async def _principal(self, request: Request) -> Answer:
        tenant = self._tenant(request)
        found = [each for each in self._present(tenant) if _is_named(request, each, each.principals[tenant])]
        return self._one(request, "servicePrincipals", [_principal_json(each, tenant) for each in found])

    async def _principals(self, request: Request) -> Answer:
        tenant = self._tenant(request)
        rows = [_principal_json(each, tenant) for each in self._present(tenant)]
        return self._many(request, "servicePrincipals", rows)

    async def _by_ids(self, request: Request) -> Answer:
        """Name the objects of the ids given; ids of none are left out."""
        tenant = self._tenant(request)
        asked = {str(each).lower() for each in (await request.json()).get("ids", [])}
        users = [
            {"@odata.type": "#microsoft.graph.user", "id": each.object_id, "userPrincipalName": each.name}
            for each in self._world.cloud.users
            if each.tenant_id == tenant
        ]
        kind = {"@odata.type": "#microsoft.graph.servicePrincipal"}
        principals = [{**kind, **_principal_json(each, tenant)} for each in self._present(tenant)]
        return self._answer(200, {"value": [each for each in (*users, *principals) if each["id"] in asked]})

    def _registered(self, tenant: str) -> list[Application]:
        """Return the applications whose object is in the tenant; a managed identity has none."""
        everyone = self._world.cloud.applications.values()
        return [each for each in everyone if each.home == tenant and not each.resource_id]

    def _present(self, tenant: str) -> list[Application]:
        return [each for each in self._world.cloud.applications.values() if tenant in each.principals]

    def _tenant(self, request: Request) -> str:
        """Return the tenant of a caller who may read its directory."""
        cloud = self._world.cloud
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise self._refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        audiences = {GRAPH_AUDIENCE, f"{GRAPH_AUDIENCE}/"}
        claims = cloud.entra.signed(token)
        if claims is None or claims["aud"] not in audiences:
            text = "Access token validation failure. Invalid audience."
            raise self._refusal(401, "InvalidAuthenticationToken", text)
        if claims["exp"] <= cloud.now():
            text = "Lifetime validation failed, the token is expired."
            raise self._refusal(401, "InvalidAuthenticationToken", text)
        if claims["oid"] not in cloud.directory_readers:
            text = "Insufficient privileges to complete the operation."
            raise self._refusal(403, "Authorization_RequestDenied", text)
        return str(claims["tid"])

    def _one(self, request: Request, kind: str, found: list[dict[str, Any]]) -> Answer:
        if not found:
            raise self._not_found(str(request.path_params.get("id", request.path_params.get("object"))))
        context = f"https://{GRAPH}/v1.0/$metadata#{kind}/$entity"
        return self._answer(200, {"@odata.context": context, **_selected(request, found[0])})

    def _many(self, request: Request, kind: str, found: list[dict[str, Any]]) -> Answer:
        wanted = _BY_APP.search(request.query_params.get("$filter", ""))
        rows = [_selected(request, each) for each in found if not wanted or each["appId"] == wanted["id"].lower()]
        return self._answer(200, {"@odata.context": f"https://{GRAPH}/v1.0/$metadata#{kind}", "value": rows})

    def _answer(self, status: int, value: dict[str, Any]) -> Answer:
        headers = [
            ("Cache-Control", "no-cache"),
            ("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8"),
            ("Strict-Transport-Security", "max-age=31536000"),
            ("request-id", new_id()),
            ("Date", http_date(self._world.cloud.now())),
        ]
        if status >= 400:
            headers[1] = ("Content-Type", JSON)
        return Answer(status, headers, as_json(value))

    def _refusal(self, status: int, code: str, text: str) -> Refusal:
        request_id = new_id()
        inner = {"date": moment(self._world.cloud.now())[:-1], "request-id": request_id}
        error = {"code": code, "message": text, "innerError": {**inner, "client-request-id": request_id}}
        return Refusal(self._answer(status, {"error": error}))

    def _not_found(self, name: str) -> Refusal:
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        return self._refusal(404, "Request_ResourceNotFound", text)


def _is_named(request: Request, application: Application, object_id: str) -> bool:
    names = request.path_params
    if "id" in names:
        return str(names["id"]).lower() == application.client_id
    return str(names["object"]).lower() == object_id


def _passwords_json(passwords: list[Password]) -> list[dict[str, Any]]:
    return [
        {
            "customKeyIdentifier": None,
            "displayName": each.name,
            "endDateTime": moment(each.ends) if each.ends is not None else None,
            "hint": each.value[:_HINT] if each.hinted else None,
            "keyId": each.key_id,
            "secretText": None,
            "startDateTime": moment(each.starts),
        }
        for each in passwords
    ]


def _application_json(application: Application) -> dict[str, Any]:
    certificates = [
        {
            "customKeyIdentifier": each.identifier,
            "displayName": "CN=ci",
            "endDateTime": moment(each.ends),
            "key": None,
            "keyId": each.key_id,
            "startDateTime": moment(each.starts),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }
        for each in application.certificates
    ]
    return {
        "id": application.object_id,
        "appId": application.client_id,
        "displayName": application.name,
        "keyCredentials": certificates,
        "passwordCredentials": _passwords_json(application.secrets),
    }


def _principal_json(application: Application, tenant: str) -> dict[str, Any]:
    return {
        "id": application.principals[tenant],
        "accountEnabled": application.enabled,
        "appId": application.client_id,
        "appOwnerOrganizationId": application.home,
        "displayName": application.name,
        "servicePrincipalType": "ManagedIdentity" if application.resource_id else "Application",
        "alternativeNames": [application.resource_id] if application.resource_id else [],
        "keyCredentials": [],
        "passwordCredentials": _passwords_json(application.principal_secrets),
    }


def _selected(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    wanted = [name for name in request.query_params.get("$select", "").split(",") if name]
    return {name: row[name] for name in wanted if name in row} if wanted else row
