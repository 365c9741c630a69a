"""Instance metadata: tokens for the machine's managed identities, as virtual machines and app services get them."""

from __future__ import annotations

import hmac
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from pytest_acrauth.emulator.azure.answers import JSON, Answer, as_json, http_date, new_id
from pytest_acrauth.emulator.azure.issuing import audience_of, entra_token
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.directory import Application
from pytest_acrauth.emulator.world.workplace import Host

#: Where every machine in Azure finds it.
ADDRESS = "169.254.169.254"
VIRTUAL_MACHINE_PATH = "/metadata/identity/oauth2/token"
APP_SERVICE_PATH = "/msi/token"
_LIFE = 24 * 3600 - 1


class Metadata:
    """The endpoint, in the form of whatever hosts the machine; the other form is not there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.app = Starlette(
            routes=[
                Route(VIRTUAL_MACHINE_PATH, self._of_machine),
                Route(APP_SERVICE_PATH, self._of_app_service),
            ]
        )

    async def _of_machine(self, request: Request) -> Answer:
        if self._world.machine.host is not Host.VIRTUAL_MACHINE:
            return Answer(404, [("Content-Type", "text/html")])
        query = request.query_params
        if request.headers.get("metadata", "").lower() != "true":
            return self._refused("Required metadata header not specified")
        if "x-forwarded-for" in request.headers:
            return self._refused("Forbidden by X-Forwarded-For header")
        for name in ("api-version", "resource"):
            if not query.get(name):
                return self._refused(f"Required query variable '{name}' is missing")
        found = self._asked_for(request)
        if not found:
            return self._refused("Identity not found")
        own = [each for each in found if "/virtualMachines/" in each.resource_id] or found
        if len(own) > 1:
            return self._refused(
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in "
                "the token request"
            )
        audience = audience_of(query["resource"])
        if audience is None:
            text = f"AADSTS500011: The resource principal named {query['resource']} was not found in the tenant."
            return self._json(400, {"error": "invalid_resource", "error_description": text})
        return self._json(200, self._granted(own[0], audience, query["resource"], for_machine=True))

    async def _of_app_service(self, request: Request) -> Answer:
        environ, query = self._world.machine.environ, request.query_params
        if self._world.machine.host is not Host.APP_SERVICE:
            return Answer(404, [("Content-Type", "text/html")])
        header = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(header.encode(), environ["IDENTITY_HEADER"].encode()):
            return self._json(401, {"statusCode": 401, "message": None, "correlationId": new_id()})
        found = self._asked_for(request)
        audience = audience_of(query.get("resource", ""))
        if not found or audience is None:
            text = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            return self._json(400, {"statusCode": 400, "message": text, "correlationId": new_id()})
        return self._json(200, self._granted(found[0], audience, query["resource"], for_machine=False))

    def _asked_for(self, request: Request) -> list[Application]:
        """Return the assigned identities that the query fits, all of them where it names none."""
        cloud, machine, query = self._world.cloud, self._world.machine, request.query_params
        assigned = [cloud.applications[each] for each in machine.identities if each in cloud.applications]
        wanted = query.get("client_id", query.get("clientid"))
        if wanted is not None:
            return [each for each in assigned if each.client_id == wanted.lower()]
        wanted = query.get("msi_res_id", query.get("mi_res_id"))
        if wanted is not None:
            return [each for each in assigned if each.resource_id.lower() == wanted.lower()]
        wanted = query.get("object_id", query.get("principal_id"))
        return [each for each in assigned if wanted is None or wanted in each.principals.values()]

    def _granted(self, identity: Application, audience: str, resource: str, *, for_machine: bool) -> dict[str, str]:
        cloud = self._world.cloud
        (tenant,) = identity.principals
        now = int(cloud.now())
        token = entra_token(cloud, cloud.principal(identity, tenant), audience, _LIFE)
        granted = {"access_token": token, "client_id": identity.client_id, "expires_on": str(now + _LIFE + 1)}
        if for_machine:
            granted |= {"expires_in": str(_LIFE), "ext_expires_in": str(_LIFE), "not_before": str(now)}
        return {**granted, "resource": resource, "token_type": "Bearer"}

    def _refused(self, text: str) -> Answer:
        return self._json(400, {"error": "invalid_request", "error_description": text})

    def _json(self, status: int, value: dict[str, Any]) -> Answer:
        headers = [
            ("Content-Type", JSON),
            ("Server", "IMDS/150.870.65.1854"),
            ("Date", http_date(self._world.cloud.now())),
        ]
        return Answer(status, headers, as_json(value))
