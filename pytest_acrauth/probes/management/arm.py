"""Read-only looks at Azure Resource Manager: the registry's record, its tokens and scope maps, roles, tenant.

Each list is read for at most `MOST_PAGES` pages, and of none that goes on it is said that there is no more. About one
registry and one identity usually two to six requests are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from pytest_acrauth.model.evidence import (
    CacheRule,
    Denial,
    EndpointAddresses,
    EvidenceChoice,
    Named,
    PasswordFacts,
    PrivateEndpoint,
    RegistryFacts,
    RoleAssignment,
    RoleFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
)
from pytest_acrauth.model.target import Registry
from pytest_acrauth.probes.management.plane import (
    MOST_PAGES,
    CouldNotLook,
    Listed,
    Plane,
    all_texts,
    entries,
    flag,
    mapping,
    text,
    texts,
)

#: How many subscriptions are searched where Resource Graph does not answer, and how many role definitions are read.
MOST_SUBSCRIPTIONS = 5
MOST_ROLES = 5
_MOST_ASSIGNMENTS = 100
_MOST_CACHE_RULES = 100
_MOST_INTERFACES = 20
_MOST_REPLICAS = 50
_LONGEST_CONDITION = 8192
_CACHE_VERSION = "2025-11-01"
_CHILD = re.compile(r"[\w-]{1,100}")
_RESOURCE = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/.+/registries/([^/]+)", re.IGNORECASE)
_ENDPOINT = re.compile(r"/subscriptions/[\w.()/-]{1,290}", re.IGNORECASE)
_REGISTRIES = "Microsoft.ContainerRegistry/registries"


class _GoesOn(CouldNotLook):
    """What was looked for is not in a list as far as it was read, and may be in the rest."""


def read_registry(plane: Plane, wanted: Registry, choice: EvidenceChoice) -> RegistryFacts:
    """Find the registry's record: by its id, in the subscription given, else wherever the asker can look."""
    host = urlsplit(plane.cloud.arm).hostname or ""
    unread: CouldNotLook | None = None
    try:
        resource_id = wanted.resource_id or _find_resource_id(plane, wanted, choice)
    except _GoesOn as error:
        resource_id, unread = "", error
    if not resource_id:
        free = _ask_whether_free(plane, wanted, choice)
        if unread is not None and not free:  # a name that nobody has is in no rest of a list either
            raise unread
        return RegistryFacts(
            found=False,
            subscription_id=choice.subscription,
            name_free=free,
            all_readable=_may_read_all(plane, choice.subscription),
        )
    place = _RESOURCE.fullmatch(resource_id)
    if place is None:
        raise CouldNotLook(f"{host} named no usable id for the registry")
    subscription, group, name = place.groups()
    try:
        found = plane.ask_through_sdk(lambda: plane.sdk(subscription).registries.get(group, name).as_dict())
    except CouldNotLook as refused:
        if refused.status == 404:
            # Who may not read is told so whether there is one or not: this answer is for those who may.
            return RegistryFacts(
                found=False,
                subscription_id=subscription,
                name_free=_ask_whether_free(plane, wanted, choice),
                all_readable=True,
            )
        if refused.status == 403:
            return RegistryFacts(
                found=False,
                readable=False,
                subscription_id=subscription,
                resource_id=plane.secrets.clean(resource_id, 300),
            )
        raise
    facts = _registry_facts(found, subscription)
    return facts._replace(regional_hosts=_read_regional_hosts(plane, resource_id)) if wanted.region else facts


def _read_regional_hosts(plane: Plane, resource_id: str) -> tuple[str, ...] | None:
    """Read the hosts of a registry's regional endpoints, which preview versions alone tell; None if it is refused."""
    try:
        properties = mapping(plane.ask_arm(resource_id, "2026-09-01-preview"), "properties")
    except CouldNotLook:
        return None
    if text(properties, "regionalEndpoints").lower() != "enabled":
        return ()
    return tuple(host.lower() for host in texts(properties, "regionalEndpointHostNames"))


def _find_resource_id(plane: Plane, wanted: Registry, choice: EvidenceChoice) -> str:
    if choice.subscription:
        if choice.resource_group:
            return (
                f"/subscriptions/{choice.subscription}/resourceGroups/{choice.resource_group}"
                f"/providers/{_REGISTRIES}/{wanted.name}"
            )
        return _find_in_lists(plane, wanted, (choice.subscription,))
    query = (
        "Resources | where type =~ 'microsoft.containerregistry/registries'"
        f" | where name =~ '{wanted.name}' | project id, loginServer = properties.loginServer"
    )
    host = urlsplit(plane.cloud.arm).hostname or ""
    try:
        found = plane.find_resources(query)
    except CouldNotLook as refused:
        if refused.status not in {400, 403, 404}:
            raise
        subscriptions = _read_subscriptions(plane)
        most = subscriptions.entries[:MOST_SUBSCRIPTIONS]
        resource_id = _find_in_lists(plane, wanted, (text(each, "subscriptionId") for each in most))
        if not resource_id and (not subscriptions.whole or len(subscriptions.entries) > len(most)):
            raise _GoesOn(f"{host} lists more subscriptions than the {len(most)} that were searched") from refused
        return resource_id
    if not found.entries and not found.whole:
        raise _GoesOn(f"{host} found more than {MOST_PAGES} pages hold")
    return _its_own(wanted, ((text(each, "id"), text(each, "loginServer")) for each in found.entries))


def _its_own(wanted: Registry, found: Iterable[tuple[str, str]]) -> str:
    """Return, of the ids and login servers of registries of one name, the id of the one wanted, else the first."""
    ids = {login_server.lower(): resource_id for resource_id, login_server in reversed([*found])}
    return ids.get(wanted.global_endpoint) or next(reversed(ids.values()), "")


def _read_subscriptions(plane: Plane) -> Listed:
    return plane.list_arm("/subscriptions", "2022-12-01")


def _find_in_lists(plane: Plane, wanted: Registry, subscriptions: Iterable[str]) -> str:
    """Look through subscriptions for the registry; what the asker may not read is silently absent from the lists.

    Raises `CouldNotLook` for a list that goes on elsewhere or longer than is read: the registry may be in the rest.
    """
    namesakes: list[tuple[str, str]] = []
    for subscription in subscriptions:
        pages = plane.sdk(subscription).registries.list().by_page()
        for _ in range(MOST_PAGES):
            page = plane.ask_through_sdk(partial(_next_named, pages, wanted.name))
            if page is None:
                break
            if any(login_server.lower() in {"", wanted.global_endpoint} for _, login_server in page):
                return _its_own(wanted, page)
            namesakes += page
        else:
            host = urlsplit(plane.cloud.arm).hostname or ""
            raise _GoesOn(f"{host} lists more registries of the subscription than {MOST_PAGES} pages hold")
    return _its_own(wanted, namesakes)


def _next_named(pages: Iterator[Iterable[Any]], name: str) -> list[tuple[str, str]] | None:
    """Return the ids and login servers of those on the next page of a list that have a name, None behind the last one.

    An empty page can stand before others.
    """
    page = next(pages, None)
    if page is None:
        return None
    named = [entry.as_dict() for entry in page if str(entry.name or "").lower() == name]
    return [(text(each, "id"), text(mapping(each, "properties"), "loginServer")) for each in named]


def _ask_whether_free(plane: Plane, wanted: Registry, choice: EvidenceChoice) -> bool | None:
    """Ask whether nobody has the registry's name, in the first subscription where this may be asked; None in none."""
    body = {"name": wanted.name, "type": _REGISTRIES}
    for subscription in _where_to_ask(plane, choice):
        path = f"/subscriptions/{quote(subscription)}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
        try:
            return flag(plane.ask_arm(path, "2025-11-01", body=body), "nameAvailable")
        except CouldNotLook:
            continue
    return None


def _may_read_all(plane: Plane, subscription: str) -> bool:
    """Tell whether the asker may read every registry of the subscription that was named; not so where none was."""
    if not subscription:
        return False
    path = f"/subscriptions/{quote(subscription)}/providers/Microsoft.Authorization/permissions"
    try:
        held = plane.list_arm(path, "2022-04-01").entries
    except CouldNotLook:
        return False
    reading = f"{_REGISTRIES}/read".lower()

    def names(entry: Mapping[str, Any], field: str) -> bool:
        return any(fnmatchcase(reading, each.lower()) for each in texts(entry, field))

    return any(names(entry, "actions") and not names(entry, "notActions") for entry in held)


def _where_to_ask(plane: Plane, choice: EvidenceChoice) -> tuple[str, ...]:
    if choice.subscription:
        return (choice.subscription,)
    try:
        found = _read_subscriptions(plane).entries[:MOST_SUBSCRIPTIONS]
    except CouldNotLook:
        return ()
    return tuple(text(each, "subscriptionId") for each in found)


def _registry_facts(found: Mapping[str, Any], subscription: str) -> RegistryFacts:
    properties = mapping(found, "properties")
    rules, policies = mapping(properties, "networkRuleSet"), mapping(properties, "policies")
    return RegistryFacts(
        found=True,
        subscription_id=subscription,
        resource_id=text(found, "id"),
        login_server=text(properties, "loginServer").lower(),
        admin_user_enabled=flag(properties, "adminUserEnabled"),
        anonymous_pull_enabled=flag(properties, "anonymousPullEnabled"),
        public_network_access=text(properties, "publicNetworkAccess"),
        default_action=text(rules, "defaultAction"),
        bypass=text(properties, "networkRuleBypassOptions"),
        ip_rules=tuple(text(rule, "value") for rule in entries(rules, "ipRules")[:200]),
        role_assignment_mode=text(properties, "roleAssignmentMode"),
        arm_audience=text(mapping(policies, "azureADAuthenticationAsArmPolicy"), "status"),
        data_endpoint_enabled=flag(properties, "dataEndpointEnabled"),
        data_hosts=texts(properties, "dataEndpointHostNames"),
        private_endpoints=tuple(
            PrivateEndpoint(
                name=text(entry, "name"),
                status=text(mapping(mapping(entry, "properties"), "privateLinkServiceConnectionState"), "status"),
                endpoint=text(mapping(mapping(entry, "properties"), "privateEndpoint"), "id"),
            )
            for entry in entries(properties, "privateEndpointConnections")[:20]
        ),
        quarantine=text(mapping(policies, "quarantinePolicy"), "status"),
        location=text(found, "location"),
        created=text(properties, "creationDate"),
        modified=text(mapping(found, "systemData"), "lastModifiedAt"),
    )


def read_endpoint_addresses(plane: Plane, record: RegistryFacts) -> tuple[EndpointAddresses, ...]:
    """Read which addresses a registry's private endpoints have: off their network interfaces, whatever DNS says.

    One question for all of them. An endpoint that the asker may not see is silently absent.
    """
    wanted = sorted({each.endpoint.lower() for each in record.private_endpoints if _ENDPOINT.fullmatch(each.endpoint)})
    if not wanted:
        return ()
    listed = ", ".join(f"'{endpoint}'" for endpoint in wanted)
    found = plane.find_resources(
        "Resources | where type =~ 'microsoft.network/networkinterfaces'"
        f" | where tolower(properties.privateEndpoint.id) in ({listed}) | project id, properties"
    )
    listed_ones = found.within(_MOST_INTERFACES, "network interfaces of private endpoints")
    return tuple(_addresses(mapping(entry, "properties")) for entry in listed_ones)


def _addresses(interface: Mapping[str, Any]) -> EndpointAddresses:
    own = (mapping(entry, "properties") for entry in entries(interface, "ipConfigurations")[:20])
    return EndpointAddresses(
        endpoint=text(mapping(interface, "privateEndpoint"), "id"),
        addresses=tuple(filter(None, (text(entry, "privateIPAddress", 45) for entry in own))),
    )


def read_replicas(plane: Plane, record: RegistryFacts) -> tuple[str, ...]:
    """Read the regions that a registry is in, its home among them."""
    listed = plane.list_arm(f"{record.resource_id}/replications", "2025-11-01")
    found = listed.within(_MOST_REPLICAS, "replicas")
    regions = (text(entry, "location", 50).replace(" ", "").lower() for entry in found)
    home = record.location.replace(" ", "").lower()
    return tuple(sorted({*filter(None, regions), *filter(None, (home,))}))


def read_cache_rules(plane: Plane, record: RegistryFacts) -> tuple[CacheRule, ...]:
    """Read the rules by which a registry fills repositories from others, and whether their credentials work."""
    listed = plane.list_arm(f"{record.resource_id}/cacheRules", _CACHE_VERSION)
    found = listed.within(_MOST_CACHE_RULES, "cache rules")
    return tuple(_cache_rule(plane, record, text(entry, "name"), mapping(entry, "properties")) for entry in found)


def _cache_rule(plane: Plane, record: RegistryFacts, name: str, properties: Mapping[str, Any]) -> CacheRule:
    rule = CacheRule(name, text(properties, "sourceRepository"), text(properties, "targetRepository"))
    credentials = text(properties, "credentialSetResourceId").rpartition("/")[2]
    if not _CHILD.fullmatch(credentials):
        return rule
    try:
        found = plane.ask_arm(f"{record.resource_id}/credentialSets/{credentials}", _CACHE_VERSION)
    except CouldNotLook:
        return rule._replace(credentials=credentials)
    pairs = entries(mapping(found, "properties"), "authCredentials")
    states = [text(mapping(pair, "credentialHealth"), "status").lower() for pair in pairs]
    unhealthy = "unhealthy" in states if any(states) else None
    return rule._replace(credentials=credentials, unhealthy=unhealthy)


def read_scope_map_token(plane: Plane, record: RegistryFacts, name: str) -> ScopeMapTokenFacts:
    """Read a scope-map token's record; its passwords' values are never in it."""
    found = _read_child(plane, record, lambda client, group, own: client.tokens.get(group, own, name))
    if found is None:
        return ScopeMapTokenFacts(found=False)
    properties = mapping(found, "properties")
    return ScopeMapTokenFacts(
        found=True,
        enabled=text(properties, "status").lower() == "enabled",
        scope_map=text(properties, "scopeMapId").rpartition("/")[2],
        passwords=tuple(
            PasswordFacts(name=text(entry, "name"), created=text(entry, "creationTime"), expiry=text(entry, "expiry"))
            for entry in entries(mapping(properties, "credentials"), "passwords")[:5]
        ),
        name=text(found, "name"),
        created=text(properties, "creationDate"),
    )


def read_scope_map(plane: Plane, record: RegistryFacts, name: str) -> ScopeMapFacts:
    """Read a scope map's actions."""
    found = _read_child(plane, record, lambda client, group, own: client.scope_maps.get(group, own, name))
    if found is None:
        return ScopeMapFacts(found=False, name=name[:100])
    return ScopeMapFacts(
        found=True,
        name=name[:100],
        actions=texts(mapping(found, "properties"), "actions"),
        modified=text(mapping(found, "systemData"), "lastModifiedAt"),
    )


def _read_child(plane: Plane, record: RegistryFacts, get: Callable[[Any, str, str], Any]) -> Any:
    """Return the JSON of something below the registry, None where there is no such thing."""
    place = _RESOURCE.fullmatch(record.resource_id)
    if place is None:
        raise CouldNotLook("the registry's record was not readable")
    subscription, group, own = place.groups()
    try:
        return plane.ask_through_sdk(lambda: get(plane.sdk(subscription), group, own).as_dict())
    except CouldNotLook as refused:
        if refused.status == 404:
            return None
        raise


def read_roles(
    plane: Plane, record: RegistryFacts, principal: str, definition: Callable[[str], Mapping[str, Any]]
) -> RoleFacts:
    """Read the roles that reach a principal on the registry or below it, and what is denied there.

    ``definition`` returns a role definition by its id, once per run. What a role allows that cannot be read, or is one
    too many, stays open.
    """
    below = f"{record.resource_id}/providers/Microsoft.Authorization"
    assigned = f"&$filter=assignedTo('{quote(principal)}')"
    answer = plane.list_arm(f"{below}/roleAssignments", "2022-04-01", query=assigned)
    listed = [mapping(entry, "properties") for entry in answer.entries]
    known: dict[str, Mapping[str, Any] | None] = {}
    for role_id in dict.fromkeys(text(each, "roleDefinitionId") for each in listed):
        known[role_id] = _defined(role_id, definition) if len(known) < MOST_ROLES else None
    return RoleFacts(
        principal_id=principal,
        assignments=tuple(
            _role_assignment(each, known[text(each, "roleDefinitionId")]) for each in listed[:_MOST_ASSIGNMENTS]
        ),
        denials=_read_denials(plane, below),
        whole=answer.whole and len(listed) <= _MOST_ASSIGNMENTS,
    )


def _defined(role_id: str, definition: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    try:
        return mapping(definition(role_id), "properties")
    except CouldNotLook:
        return None


def _role_assignment(own: Mapping[str, Any], role: Mapping[str, Any] | None) -> RoleAssignment:
    role_id, known = text(own, "roleDefinitionId").rpartition("/")[2], role or {}
    rights = entries(known, "permissions")
    custom = text(known, "type") == "CustomRole"
    changed = [text(own, "updatedOn")] + ([text(known, "updatedOn")] if custom else [])
    return RoleAssignment(
        role=text(known, "roleName") or role_id,
        role_id=role_id,
        scope=text(own, "scope"),
        actions=all_texts(rights, "actions"),
        not_actions=all_texts(rights, "notActions"),
        data_actions=all_texts(rights, "dataActions"),
        not_data_actions=all_texts(rights, "notDataActions"),
        condition=text(own, "condition", _LONGEST_CONDITION),
        condition_version=text(own, "conditionVersion", 20),
        created=text(own, "createdOn"),
        changed=max(changed),
        holder=text(own, "principalId"),
        custom=custom,
        readable=role is not None,
    )


def _read_denials(plane: Plane, below: str) -> tuple[Denial, ...] | None:
    """Read what is denied at the registry and above it, to whomever; None where that may not be read."""
    try:
        found = plane.list_arm(f"{below}/denyAssignments", "2022-04-01", query="&$filter=atScope()")
        listed = found.within(_MOST_ASSIGNMENTS, "deny assignments")
    except CouldNotLook:
        return None
    return tuple(_denial(entry) for entry in listed)


def _denial(entry: Mapping[str, Any]) -> Denial:
    own = mapping(entry, "properties")
    rights = entries(own, "permissions")
    return Denial(
        name=text(own, "denyAssignmentName") or text(entry, "name"),
        scope=text(own, "scope"),
        principals=_named(own, "principals"),
        excluded=_named(own, "excludePrincipals"),
        actions=all_texts(rights, "actions"),
        not_actions=all_texts(rights, "notActions"),
        data_actions=all_texts(rights, "dataActions"),
        not_data_actions=all_texts(rights, "notDataActions"),
        condition=text(own, "condition", _LONGEST_CONDITION),
        below=flag(own, "doNotApplyToChildScopes") is not True,
    )


def _named(own: Mapping[str, Any], field: str) -> tuple[Named, ...]:
    return tuple(Named(text(who, "id"), text(who, "type") == "Group") for who in entries(own, field))


def read_role_definition(plane: Plane, resource_id: str, role_id: str) -> Mapping[str, Any]:
    """Read a role definition by its id, at the resource: above it the asker may have no right to."""
    path = f"{resource_id}/providers/Microsoft.Authorization/roleDefinitions/{quote(role_id.rpartition('/')[2])}"
    found: Mapping[str, Any] = plane.ask_arm(path, "2022-04-01")
    return found


def subscription_of(wanted: Registry, choice: EvidenceChoice) -> str:
    """Return the subscription that a registry was said to be in, '' where nobody said it."""
    place = _RESOURCE.fullmatch(wanted.resource_id)
    return place[1] if place else choice.subscription


def read_tenant(plane: Plane, subscription: str) -> str:
    """Read the tenant of a subscription: from its record, else from what an unauthenticated request is told."""
    try:
        found = text(plane.ask_arm(f"/subscriptions/{quote(subscription)}", "2022-12-01"), "tenantId")
    except CouldNotLook:
        found = ""
    if found:
        return found
    host = urlsplit(plane.cloud.arm).hostname or ""
    response = plane.http.send("GET", f"{plane.cloud.arm}/subscriptions/{quote(subscription)}?api-version=2022-12-01")
    if response.reply is None:
        raise CouldNotLook(f"{host}: {response.trouble}")
    named = re.search(r'authorization_uri="https://[^/"]+/([0-9a-fA-F-]{36})"', response.reply.authenticate)
    if named is None:
        raise CouldNotLook(f"{host} did not name the subscription's tenant")
    return named[1].lower()
