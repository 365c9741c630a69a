"""Azure Resource Manager: registries and what belongs to them, subscriptions, roles, and the graph of resources.

Whoever asks gets what their roles let them read. Nothing is changed through it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from pytest_acrauth.emulator.azure.answers import Answer, Refusal, as_json, page_of
from pytest_acrauth.emulator.azure.gate import Gate
from pytest_acrauth.emulator.azure.kusto import BadQuery, names, run
from pytest_acrauth.emulator.azure.paths import Asked, taken_apart
from pytest_acrauth.emulator.azure.resources import (
    assignment_json,
    cache_rule_json,
    credential_set_json,
    definition_json,
    denial_json,
    endpoint_json,
    interface_json,
    listing,
    permission_json,
    registry_json,
    replication_json,
    resource_json,
    scope_map_json,
    subscription_json,
    token_json,
    usages_json,
)
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, Registry, RoleAssignment, upwards
from pytest_acrauth.emulator.world.roles import INTERFACES, REGISTRIES

_REGISTRY = REGISTRIES.lower()
_ROLES = "microsoft.authorization"
_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_EQUALS = re.compile(r"(?P<property>resourceType|name) eq '(?P<value>[^']*)'", re.IGNORECASE)
_ASSIGNED = re.compile(r"(?:assignedTo\('|principalId eq ')(?P<id>[^']+)'", re.IGNORECASE)
Handler = Callable[[Request, Asked], Answer]


class Arm:
    """The public cloud's management plane, an ASGI application."""

    def __init__(self, world: World) -> None:
        self._cloud = world.cloud
        self._gate = Gate(world)
        self._open: dict[str, Handler] = {
            "microsoft.resources/subscriptions": self._subscriptions,
            "microsoft.resources/subscriptions/resources": self._resources,
            "microsoft.containerregistry/registries": self._registries,
            f"{_ROLES}/permissions": self._permissions,
        }
        self._guarded: dict[str, Handler] = {
            "microsoft.containerregistry/checknameavailability": self._name_check,
            f"{_REGISTRY}/tokens": self._tokens,
            f"{_REGISTRY}/scopemaps": self._scope_maps,
            f"{_REGISTRY}/privateendpointconnections": self._endpoints,
            f"{_REGISTRY}/replications": self._replications,
            f"{_REGISTRY}/cacherules": self._cache_rules,
            f"{_REGISTRY}/credentialsets": self._credential_sets,
            f"{_REGISTRY}/listusages": self._usages,
            f"{_REGISTRY}/listcredentials": self._credentials,
            f"{_ROLES}/roleassignments": self._assignments,
            f"{_ROLES}/roledefinitions": self._definitions,
            f"{_ROLES}/denyassignments": self._denials,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = self._answer(request, await request.body())
        except Refusal as refusal:
            answer = refusal.answer
        await answer(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Answer:
        request.state.body = body
        asked = taken_apart(request.method, request.url.path)
        self._gate.authenticate(request, asked)
        if not request.query_params.get("api-version"):
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise self._gate.refusal(400, "MissingApiVersionParameter", text)
        if asked.kind == "microsoft.resourcegraph/resources":
            return self._graph(request)
        return self._page(request, self._handled(request, asked))

    def _page(self, request: Request, answer: Answer) -> Answer:
        """Return an answer, or the page of it that is asked for where lists have several."""
        found = json.loads(bytes(answer.body))
        if not self._cloud.paged or not isinstance(found.get("value"), list):
            return answer
        values, further = page_of(found["value"], request.query_params.get("$skiptoken", ""))
        link = f"https://{ARM}{request.url.path}?{request.url.include_query_params(**{'$skiptoken': further}).query}"
        return self._gate.json({**found, "value": values} | ({"nextLink": link} if further else {}))

    def _handled(self, request: Request, asked: Asked) -> Answer:
        handler = self._open.get(asked.kind) if request.method == "GET" else None
        if handler is not None and (asked.collection or asked.kind != _REGISTRY):
            return handler(request, asked)
        self._gate.authorise(request, asked)
        handler = handler or self._guarded.get(asked.kind)
        if handler is None or request.method not in {"GET", "POST"}:
            text = f"The resource type could not be found in the namespace '{asked.namespace}'."
            raise self._gate.refusal(404, "InvalidResourceType", text)
        return handler(request, asked)

    def _subscriptions(self, request: Request, asked: Asked) -> Answer:
        claims = request.state.claims
        seen = [
            subscription_json(each)
            for each in self._cloud.subscriptions.values()
            if each.tenant_id == claims["tid"]
            and any(
                assignment.reaches(f"/subscriptions/{each.id}") or f"/subscriptions/{each.id}/" in assignment.scope
                for assignment in self._cloud.assigned(claims["oid"])
            )
        ]
        if asked.collection:
            return self._gate.json({**listing(seen), "count": {"type": "Total", "value": len(seen)}})
        found = next((each for each in seen if each["subscriptionId"] == asked.names[0].lower()), None)
        if found is None:
            self._gate.authorise(request, asked)
            raise AssertionError("a subscription that may be read is seen")
        return self._gate.json(found)

    def _resources(self, request: Request, asked: Asked) -> Answer:
        """List what a subscription holds, in short, as far as the caller may read it."""
        wanted = {found["property"].lower(): found["value"] for found in _EQUALS.finditer(_filter(request))}
        rows = [
            resource_json(each)
            for each in self._readable(request)
            if each.subscription_id == str(asked.subscription).lower()
            and wanted.get("resourcetype", REGISTRIES).lower() == _REGISTRY
            and wanted.get("name", each.name).lower() == each.name
        ]
        return self._gate.json(listing(rows))

    def _registries(self, request: Request, asked: Asked) -> Answer:
        version = request.query_params["api-version"]
        if not asked.collection:
            return self._gate.json(registry_json(self._registry(asked), version))
        below = [each for each in self._readable(request) if each.resource_id.lower().startswith(asked.scope.lower())]
        return self._gate.json(listing([registry_json(each, version) for each in below]))

    def _readable(self, request: Request, wanted: Collection[str] | None = None) -> Iterable[Registry]:
        return (
            each
            for each in self._cloud.registries.values()
            if (wanted is None or each.name in wanted)
            and self._gate.may(request, f"{REGISTRIES}/read", each.resource_id)
        )

    def _registry(self, asked: Asked) -> Registry:
        """Return the registry that something is, belongs to, or is attached to."""
        registries, name = self._cloud.registries.values(), asked.names[0]
        wanted = f"{_rid(asked.scope)}/{name}".lower()
        for each in registries:
            if each.name == name.lower() and each.resource_id.lower() == wanted:
                return each
        if all(each.resource_group.lower() != str(asked.group).lower() for each in registries):
            raise self._gate.refusal(
                404, "ResourceGroupNotFound", f"Resource group '{asked.group}' could not be found."
            )
        text = (
            f"The Resource '{REGISTRIES}/{name}' under resource group '{asked.group}' was not found. For more "
            "details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise self._gate.refusal(404, "ResourceNotFound", text)

    def _child(self, asked: Asked, all_of: list[dict[str, Any]]) -> Answer:
        """Answer with one of a registry's children, by name, or all of them."""
        if asked.collection:
            return self._gate.json(listing(all_of))
        name = asked.names[-1]
        found = next((each for each in all_of if each["name"].lower() == name.lower()), None)
        if found is None:
            error = {"code": "ResourceNotFound", "message": f"The resource {name} could not be found."}
            raise Refusal(Answer(404, self._gate.headers(), as_json({"error": error, "status": "Failed"})))
        return self._gate.json(found)

    def _tokens(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        return self._child(asked, [token_json(registry, each) for each in registry.tokens.values()])

    def _scope_maps(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        return self._child(asked, [scope_map_json(registry, each) for each in registry.scope_maps.values()])

    def _endpoints(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        return self._child(asked, [endpoint_json(registry, each) for each in registry.private_endpoints])

    def _replications(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        regions = (registry.location, *registry.replicas)
        return self._child(asked, [replication_json(registry, region) for region in regions])

    def _cache_rules(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        return self._child(asked, [cache_rule_json(registry, each) for each in registry.cache_rules])

    def _credential_sets(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        used = [each for each in registry.cache_rules if each.credentials]
        return self._child(asked, [credential_set_json(registry, each) for each in used])

    def _usages(self, _request: Request, asked: Asked) -> Answer:
        return self._gate.json(listing(usages_json(self._registry(asked))))

    def _credentials(self, _request: Request, asked: Asked) -> Answer:
        registry = self._registry(asked)
        if not registry.admin_enabled:
            text = (
                f"Cannot perform credential operations for {registry.resource_id} as admin user is disabled. Kindly "
                "enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/"
                "container-registry-authentication#admin-account"
            )
            raise self._gate.refusal(400, "UnAuthorizedForCredentialOperations", text)
        names = zip(("password", "password2"), registry.admin_passwords, strict=True)
        passwords = [{"name": name, "value": value} for name, value in names]
        return self._gate.json({"username": registry.name, "passwords": passwords})

    def _name_check(self, request: Request, _asked: Asked) -> Answer:
        name = str(_body(request).get("name", ""))
        if not _NAME.fullmatch(name):
            text = (
                "The registry name is invalid. Registry names may contain alpha numeric characters only and must be "
                "between 5 and 50 characters."
            )
            return self._gate.json({"nameAvailable": False, "reason": "Invalid", "message": text})
        if name.lower() in self._cloud.registries:
            text = f"The registry {name} is already in use."
            return self._gate.json({"nameAvailable": False, "reason": "AlreadyExists", "message": text})
        return self._gate.json({"nameAvailable": True})

    def _assignments(self, request: Request, asked: Asked) -> Answer:
        query = _filter(request)
        wanted = _ASSIGNED.search(query)
        found: Iterable[RoleAssignment] = self._cloud.assigned(wanted["id"]) if wanted else self._cloud.assignments
        if wanted and wanted[0].lower().startswith("principalid"):
            found = [each for each in self._cloud.assignments if each.principal_id == wanted["id"]]
        above, below = set(upwards(asked.base)), f"{asked.base.lower()}/"
        if "atscope()" in query.lower():
            shown = [each for each in found if each.place in above]
        else:
            shown = [each for each in found if each.place in above or each.place.startswith(below)]
        return self._gate.json(listing([assignment_json(self._cloud, each) for each in shown]))

    def _definitions(self, request: Request, asked: Asked) -> Answer:
        query = _filter(request)
        named = re.search(r"roleName eq '(?P<name>[^']+)'", query)
        shown = [
            definition_json("/".join(asked.base.split("/")[:3]), name, role)
            for name, role in self._cloud.roles.items()
            if (not named or name == named["name"]) and (role.built_in or asked.base)
        ]
        if asked.collection:
            return self._gate.json(listing(shown))
        found = next((each for each in shown if each["name"] == asked.names[0].lower()), None)
        if found is None:
            text = f"The specified role definition with ID '{asked.names[0]}' does not exist."
            raise self._gate.refusal(404, "RoleDefinitionDoesNotExist", text)
        return self._gate.json(found)

    def _denials(self, request: Request, asked: Asked) -> Answer:
        above, below = set(upwards(asked.base)), f"{asked.base.lower()}/"
        shown = [
            each
            for each in self._cloud.denials
            if (place := each.scope.lower().rstrip("/")) in above
            or ("atscope()" not in _filter(request).lower() and place.startswith(below))
        ]
        return self._gate.json(listing([denial_json(self._cloud, each) for each in shown]))

    def _permissions(self, request: Request, asked: Asked) -> Answer:
        roles, caller = self._cloud.roles, request.state.claims["oid"]
        held = [roles[each.role] for each in self._cloud.reaching(caller, asked.base)]
        return self._gate.json(listing([permission_json(role) for role in held]))

    def _graph(self, request: Request) -> Answer:
        body = _body(request)
        query = str(body.get("query", ""))
        try:
            found = run(query, list(self._rows(request, body, names(query))))
        except BadQuery as error:
            raise self._gate.refusal(
                400, "BadRequest", f"Please provide below info when asking for support: {error}"
            ) from error
        about: dict[str, Any] = {"totalRecords": len(found), "facets": [], "resultTruncated": "false"}
        if self._cloud.paged:
            found, further = page_of(found, str((body.get("options") or {}).get("$skipToken", "")))
            about |= {"$skipToken": further} if further else {}
        return self._gate.json({**about, "count": len(found), "data": found})

    def _rows(self, request: Request, body: dict[str, Any], wanted: Collection[str] | None) -> Iterator[dict[str, Any]]:
        """Yield what a caller is shown of the graph: all registries, or those of the names wanted."""
        subscriptions = {str(each).lower() for each in body.get("subscriptions") or self._cloud.subscriptions}
        tenants = {each.id: each.tenant_id for each in self._cloud.subscriptions.values()}
        for each in self._readable(request, wanted):
            tenant = tenants[each.subscription_id]
            if each.subscription_id in subscriptions and tenant == request.state.claims["tid"]:
                yield {
                    **registry_json(each, "2025-11-01"),
                    "type": _REGISTRY,
                    "tenantId": tenant,
                    "subscriptionId": each.subscription_id,
                    "resourceGroup": each.resource_group,
                    "kind": "",
                }
        if wanted is None:
            yield from self._interfaces(request)

    def _interfaces(self, request: Request) -> Iterator[dict[str, Any]]:
        """Yield the network interfaces of private endpoints that a caller is shown."""
        for registry in self._cloud.registries.values():
            for each in registry.private_endpoints:
                if self._gate.may(request, f"{INTERFACES}/read", each.interface_id):
                    yield interface_json(registry, each)


def _filter(request: Request) -> str:
    return str(request.query_params.get("$filter", ""))


def _rid(scope: str) -> str:
    """Return what a registry's name follows in a resource id."""
    place = scope.lower().index("/registries")
    return scope[: place + len("/registries")]


def _body(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(request.state.body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
