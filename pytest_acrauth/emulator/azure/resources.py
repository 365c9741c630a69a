"""How ARM writes what there is: registries and what belongs to them, subscriptions, role assignments and definitions.

The properties and the API versions in which each appeared: azure-mgmt-containerregistry and its recorded traffic.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from pytest_acrauth.emulator.world.cloud import (
    EVERYBODY,
    CacheRule,
    Cloud,
    DenyAssignment,
    PrivateEndpoint,
    Registry,
    RoleAssignment,
    ScopeMap,
    ScopeMapToken,
    Subscription,
)
from pytest_acrauth.emulator.world.roles import INTERFACES, REGISTRIES, Role

_NETWORK = "2019-05-01"
_MODERN = "2021-01-01"
#: The version from which on a property is written; those that are not named always were.
_SINCE = {
    "policies": _NETWORK,
    "exportPolicy": _MODERN,
    "azureADAuthenticationAsArmPolicy": _MODERN,
    "encryption": _MODERN,
    "dataEndpointEnabled": _MODERN,
    "dataEndpointHostNames": _MODERN,
    "privateEndpointConnections": _MODERN,
    "publicNetworkAccess": _MODERN,
    "networkRuleBypassOptions": _MODERN,
    "zoneRedundancy": _MODERN,
    "anonymousPullEnabled": _MODERN,
    "systemData": _MODERN,
    "networkRuleBypassAllowedForTasks": "2025-05-01",
    "roleAssignmentMode": "2025-05-01",
    "regionalEndpoints": "2026-01-01",
    "regionalEndpointHostNames": "2026-01-01",
}
_PREVIEW = {"softDeletePolicy", "metadataSearch", "regionalEndpoints", "regionalEndpointHostNames"}


def written(seconds: float, end: str = "+00:00") -> str:
    """Return a time as ARM writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0") + end


def listing(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a list as ARM answers it, on one page."""
    return {"value": values}


def registry_json(registry: Registry, version: str) -> dict[str, Any]:
    """Return a registry as an API version describes it."""
    dedicated = registry.data_endpoint_enabled
    rules = {
        "defaultAction": registry.default_action,
        "virtualNetworkRules": [],
        "ipRules": [{"action": "Allow", "value": rule} for rule in registry.ip_rules],
    }
    if version >= _MODERN:
        del rules["virtualNetworkRules"]
    properties = {
        "loginServer": registry.login_server,
        "creationDate": written(registry.created, "Z"),
        "provisioningState": "Succeeded",
        "adminUserEnabled": registry.admin_enabled,
        "networkRuleSet": rules,
        "policies": _shown(_policies(registry), version),
        "encryption": {"status": "disabled"},
        "dataEndpointEnabled": dedicated,
        "dataEndpointHostNames": registry.data_endpoints if dedicated else [],
        "privateEndpointConnections": [endpoint_json(registry, each) for each in registry.private_endpoints],
        "publicNetworkAccess": "Enabled" if registry.public_network_access else "Disabled",
        "networkRuleBypassOptions": "AzureServices" if registry.trusted_services else "None",
        "networkRuleBypassAllowedForTasks": False,
        "zoneRedundancy": "Disabled",
        "anonymousPullEnabled": registry.anonymous_pull,
        "metadataSearch": "Disabled",
        "roleAssignmentMode": "AbacRepositoryPermissions" if registry.abac else "LegacyRegistryPermissions",
        "regionalEndpoints": "Enabled" if registry.regional_endpoints else "Disabled",
        "regionalEndpointHostNames": registry.regional_hosts,
    }
    about = {
        "sku": {"name": registry.sku, "tier": registry.sku},
        "type": REGISTRIES,
        "id": registry.resource_id,
        "name": registry.name,
        "location": registry.location,
        "tags": registry.tags,
        "systemData": _history(registry.created, registry.modified),
    }
    return {**_shown(about, version), "properties": _shown(properties, version)}


def resource_json(registry: Registry) -> dict[str, Any]:
    """Return a registry as one of the resources of a subscription, without its properties."""
    whole = registry_json(registry, _MODERN)
    return {name: whole[name] for name in ("id", "name", "type", "sku", "location", "tags")}


def _shown(values: dict[str, Any], version: str) -> dict[str, Any]:
    date, preview = version.removesuffix("-preview"), version.endswith("-preview")
    return {
        name: value
        for name, value in values.items()
        if date >= _SINCE.get(name, "") and (preview or name not in _PREVIEW)
    }


def _policies(registry: Registry) -> dict[str, Any]:
    changed = {"lastUpdatedTime": written(registry.created), "status": "disabled"}
    return {
        "quarantinePolicy": {"status": "enabled" if registry.quarantine else "disabled"},
        "trustPolicy": {"type": "Notary", "status": "disabled"},
        "retentionPolicy": {"days": 7, **changed},
        "exportPolicy": {"status": "enabled"},
        "azureADAuthenticationAsArmPolicy": {"status": "enabled" if registry.arm_audience_accepted else "disabled"},
        "softDeletePolicy": {"retentionDays": 7, **changed},
    }


def _history(created: float, modified: float) -> dict[str, str]:
    who = {"By": "owner@contoso.example", "ByType": "User"}
    first = {f"created{name}": value for name, value in who.items()} | {"createdAt": written(created)}
    last = {f"lastModified{name}": value for name, value in who.items()} | {"lastModifiedAt": written(modified)}
    return first | last


def token_json(registry: Registry, token: ScopeMapToken) -> dict[str, Any]:
    """Return a scope-map token; its passwords are named and dated, never shown."""
    passwords = [
        {"creationTime": written(each.starts), "name": f"password{number}"}
        | ({"expiry": written(each.ends)} if each.ends is not None else {})
        for number, each in enumerate(token.passwords, start=1)
    ]
    properties = {
        "creationDate": written(token.created),
        "provisioningState": "Succeeded",
        "scopeMapId": f"{registry.resource_id}/scopeMaps/{token.scope_map}",
        "credentials": {"passwords": passwords},
        "status": "enabled" if token.enabled else "disabled",
    }
    return _child(registry, "tokens", token.name, properties, token.created)


def scope_map_json(registry: Registry, scope_map: ScopeMap) -> dict[str, Any]:
    """Return a scope map."""
    properties = {
        "type": "SystemDefined" if scope_map.system else "UserDefined",
        "creationDate": written(scope_map.created),
        "provisioningState": "Succeeded",
        "actions": scope_map.actions,
    }
    child = _child(registry, "scopeMaps", scope_map.name, properties, scope_map.created)
    return {**child, "systemData": _history(scope_map.created, scope_map.modified or scope_map.created)}


def endpoint_json(registry: Registry, endpoint: PrivateEndpoint) -> dict[str, Any]:
    """Return a private endpoint connection."""
    properties = {
        "privateEndpoint": {"id": endpoint.resource_id},
        "privateLinkServiceConnectionState": {"status": endpoint.status},
        "provisioningState": "Succeeded",
    }
    name = f"{endpoint.name}.{uuid.uuid5(uuid.NAMESPACE_OID, registry.resource_id + endpoint.name).hex}"
    return _child(registry, "privateEndpointConnections", name, properties)


def interface_json(registry: Registry, endpoint: PrivateEndpoint) -> dict[str, Any]:
    """Return the network interface of a private endpoint; names are in it once the connection is approved."""
    members = {"registry": (endpoint.address, registry.login_server)}
    if endpoint.data_address:
        members[f"registry_data_{registry.location}"] = (endpoint.data_address, registry.data_endpoint)
    approved = endpoint.status == "Approved"
    configurations = [
        {
            "name": f"{member}.ip",
            "properties": {
                "privateIPAddress": address,
                "privateIPAllocationMethod": "Dynamic",
                "privateLinkConnectionProperties": {
                    "groupId": "registry",
                    "requiredMemberName": member,
                    "fqdns": [host] if approved else [],
                },
            },
        }
        for member, (address, host) in members.items()
    ]
    return {
        "id": endpoint.interface_id,
        "name": f"{endpoint.name}.nic",
        "type": INTERFACES.lower(),
        "location": registry.location,
        "properties": {"privateEndpoint": {"id": endpoint.resource_id}, "ipConfigurations": configurations},
    }


def replication_json(registry: Registry, region: str) -> dict[str, Any]:
    """Return the registry's replica in a region: its own is one, too."""
    properties = {
        "provisioningState": "Succeeded",
        "status": {"displayStatus": "Ready", "timestamp": written(registry.created, "Z")},
        "regionEndpointEnabled": True,
        "zoneRedundancy": "Disabled",
    }
    return {
        **_child(registry, "replications", region, properties, registry.created),
        "location": region,
        "tags": {},
    }


def cache_rule_json(registry: Registry, rule: CacheRule) -> dict[str, Any]:
    """Return a rule of the artifact cache."""
    properties = {
        "creationDate": written(registry.created),
        "provisioningState": "Succeeded",
        "sourceRepository": rule.source,
        "targetRepository": rule.upstream.name,
    }
    if rule.credentials:
        properties["credentialSetResourceId"] = f"{registry.resource_id}/credentialSets/{rule.credentials}"
    return _child(registry, "cacheRules", rule.name, properties, registry.created)


def credential_set_json(registry: Registry, rule: CacheRule) -> dict[str, Any]:
    """Return the credentials by which a rule asks its source: where they are kept, and whether they work."""
    health = {"status": "Healthy"} if rule.healthy else {"status": "Unhealthy", "errorCode": "SecretNotFound"}
    vault = "https://contoso.vault.azure.net/secrets"
    properties = {
        "loginServer": rule.source.partition("/")[0],
        "authCredentials": [
            {
                "name": "Credential1",
                "usernameSecretIdentifier": f"{vault}/upstream-user",
                "passwordSecretIdentifier": f"{vault}/upstream-password",
                "credentialHealth": health,
            }
        ],
        "creationDate": written(registry.created),
        "provisioningState": "Succeeded",
    }
    return _child(registry, "credentialSets", rule.credentials, properties, registry.created)


def _child(
    registry: Registry, kind: str, name: str, properties: dict[str, Any], created: float | None = None
) -> dict[str, Any]:
    about: dict[str, Any] = {
        "type": f"{REGISTRIES}/{kind}",
        "id": f"{registry.resource_id}/{kind}/{name}",
        "name": name,
    }
    if created is not None:
        about["systemData"] = _history(created, created)
    return {**about, "properties": properties}


def usages_json(registry: Registry) -> list[dict[str, Any]]:
    """Return how much of its limits a registry uses."""
    size = sum(len(blob) for repository in registry.repositories.values() for blob in repository.blobs.values())
    rows = (
        ("Size", 107374182400, size, "Bytes"),
        ("Webhooks", 500, 0, "Count"),
        ("ScopeMaps", 50000, len(registry.scope_maps), "Count"),
        ("Tokens", 50000, len(registry.tokens), "Count"),
    )
    return [{"name": name, "limit": limit, "currentValue": used, "unit": unit} for name, limit, used, unit in rows]


def subscription_json(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
    }


def assignment_json(cloud: Cloud, assignment: RoleAssignment) -> dict[str, Any]:
    """Return a role assignment."""
    subscription = "/".join(assignment.scope.split("/")[:3])
    condition = assignment.condition or None
    properties = {
        "roleDefinitionId": definition_id(subscription, cloud.roles[assignment.role]),
        "principalId": assignment.principal_id,
        "principalType": _kind_of(cloud, assignment.principal_id),
        "scope": assignment.scope,
        "condition": condition,
        "conditionVersion": "2.0" if condition else None,
        "createdOn": written(assignment.created, "Z"),
        "updatedOn": written(assignment.created, "Z"),
        "createdBy": "",
        "updatedBy": "",
        "delegatedManagedIdentityResourceId": None,
        "description": None,
    }
    name = assignment.id.rpartition("/")[2]
    kind = "Microsoft.Authorization/roleAssignments"
    return {"properties": properties, "id": assignment.id, "type": kind, "name": name}


def denial_json(cloud: Cloud, denial: DenyAssignment) -> dict[str, Any]:
    """Return a deny assignment."""
    permission = {
        "actions": list(denial.actions),
        "notActions": list(denial.not_actions),
        "dataActions": list(denial.data_actions),
        "notDataActions": list(denial.not_data_actions),
        "condition": None,
        "conditionVersion": None,
    }
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{denial.name} {denial.scope}"))
    kind = "Microsoft.Authorization/denyAssignments"
    properties = {
        "denyAssignmentName": denial.name,
        "description": "",
        "permissions": [permission],
        "scope": denial.scope,
        "doNotApplyToChildScopes": not denial.below,
        "principals": [_denied(cloud, each) for each in denial.principals],
        "excludePrincipals": [_denied(cloud, each) for each in denial.excluded],
        "isSystemProtected": True,
    }
    return {"properties": properties, "id": f"{denial.scope}/providers/{kind}/{name}", "type": kind, "name": name}


def _denied(cloud: Cloud, object_id: str) -> dict[str, str]:
    return {"id": object_id, "type": "SystemDefined" if object_id == EVERYBODY else _kind_of(cloud, object_id)}


def _kind_of(cloud: Cloud, object_id: str) -> str:
    if object_id in cloud.groups:
        return "Group"
    return "User" if any(user.object_id == object_id for user in cloud.users) else "ServicePrincipal"


def definition_id(scope: str, role: Role) -> str:
    """Return the id by which a scope refers to a role definition."""
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def definition_json(scope: str, name: str, role: Role) -> dict[str, Any]:
    """Return a role definition."""
    properties = {
        "roleName": name,
        "type": "BuiltInRole" if role.built_in else "CustomRole",
        "description": "",
        "assignableScopes": ["/"] if role.built_in else [scope],
        "permissions": [permission_json(role)],
    }
    kind = "Microsoft.Authorization/roleDefinitions"
    return {"properties": properties, "id": definition_id(scope, role), "type": kind, "name": role.id}


def permission_json(role: Role) -> dict[str, list[str]]:
    """Return what a role allows."""
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }
