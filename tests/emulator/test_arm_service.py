"""What the emulated Azure Resource Manager answers, and to whom."""

from __future__ import annotations

import pytest
from emulator.visiting import AUDIENCE, arm_error

from pytest_acrauth.emulator.world.cloud import EVERYBODY, SUBSCRIPTION, DenyAssignment, RoleAssignment
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, OTHER_SUBSCRIPTION, OTHER_TENANT, PRINCIPAL, TENANT
from pytest_acrauth.emulator.world.roles import BUILT_IN, EVIDENCE, EVIDENCE_ROLE

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registries"
REGISTRIES = "providers/Microsoft.ContainerRegistry/registries"
MYACR = f"{GROUP}/{REGISTRIES}/myacr"
AUTHORIZATION = f"{MYACR}/providers/Microsoft.Authorization"
GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"
FIND = "Resources | where type =~ 'microsoft.containerregistry/registries' and name =~ 'MyACR' | project id, tenantId"


def without_evidence(cloud):
    """Take the evidence role away from the service principal, on one registry of the two."""
    cloud.assignments[:] = [
        each
        for each in cloud.assignments
        if (each.principal_id, each.role, each.scope) != (PRINCIPAL, EVIDENCE, cloud.registries["myacr"].resource_id)
    ]


def test_registry_record_follows_the_world(visitor):
    """A registry's record shows its switches, rules and endpoints as they are now, and is found in any spelling."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    registry.admin_enabled, registry.abac, registry.ip_rules[:] = False, True, ["192.0.2.0/24"]
    registry.arm_audience_accepted, registry.public_network_access = False, False
    found = visitor.arm(MYACR.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).json()
    properties = found["properties"]
    assert (found["id"], found["sku"]["name"]) == (MYACR, "Premium")
    assert (properties["loginServer"], properties["adminUserEnabled"]) == ("myacr.azurecr.io", False)
    assert properties["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert properties["networkRuleSet"]["ipRules"] == [{"action": "Allow", "value": "192.0.2.0/24"}]
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["policies"]["azureADAuthenticationAsArmPolicy"]["status"] == "disabled"


def test_lists_hold_what_may_be_read(visitor):
    """What a caller may not read is absent from every list: subscription, group and graph of resources alike."""
    paths = (f"/subscriptions/{SUBSCRIPTION}/{REGISTRIES}", f"{GROUP}/{REGISTRIES}")
    names = [[each["name"] for each in visitor.arm(path).json()["value"]] for path in paths]
    assert names == [["myacr", "otheracr"]] * 2
    without_evidence(visitor.emulator.world.cloud)
    names = [[each["name"] for each in visitor.arm(path).json()["value"]] for path in paths]
    assert names == [["otheracr"]] * 2
    assert visitor.arm(GRAPH_PATH, "POST", json={"query": FIND}).json()["data"] == []
    assert visitor.arm(f"/subscriptions/{OTHER_SUBSCRIPTION}/{REGISTRIES}").json() == {"value": []}


def test_graph_of_resources_finds_by_name(visitor):
    """A query by type and name answers with the columns it names; other steps are refused, not ignored."""
    found = visitor.arm(GRAPH_PATH, "POST", json={"query": FIND}).json()
    assert found["data"] == [{"id": MYACR, "tenantId": TENANT}]
    assert (found["totalRecords"], found["count"], found["resultTruncated"]) == (1, 1, "false")
    elsewhere = {"query": FIND, "subscriptions": [OTHER_SUBSCRIPTION]}
    assert visitor.arm(GRAPH_PATH, "POST", json=elsewhere).json()["count"] == 0
    refused = visitor.arm(GRAPH_PATH, "POST", json={"query": "Resources | summarize count()"})
    assert arm_error(refused) == (400, "BadRequest")


def test_refusal_names_caller_action_and_scope(visitor):
    """Without the role, ARM says who may not do what on which scope, and that waiting may help."""
    without_evidence(visitor.emulator.world.cloud)
    response = visitor.arm(f"{MYACR}/tokens/puller")
    assert arm_error(response) == (403, "AuthorizationFailed")
    assert response.json()["error"]["message"] == (
        f"The client '{CLIENT}' with object id '{PRINCIPAL}' does not have authorization to perform action "
        f"'Microsoft.ContainerRegistry/registries/tokens/read' over scope '{MYACR}/tokens/puller' or the scope is "
        "invalid. If access was recently granted, please refresh your credentials."
    )
    assert response.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize(
    ("path", "role", "expected"),
    [
        (f"/subscriptions/00000000-1111-4222-8333-444444444444/{REGISTRIES}", "Reader", (404, "SubscriptionNotFound")),
        (MYACR.replace("rg-registries", "rg-none"), "Reader", (404, "ResourceGroupNotFound")),
        (MYACR.replace("myacr", "nosuchacr"), "Reader", (404, "ResourceNotFound")),
        (f"{MYACR}/scopeMaps/none", "Reader", (404, "ResourceNotFound")),
        (MYACR.replace("myacr", "nosuchacr"), None, (403, "AuthorizationFailed")),
        (f"{MYACR}/webhooks", "Reader", (404, "InvalidResourceType")),
    ],
)
def test_what_is_missing_is_told_only_to_who_may_look(visitor, path, role, expected):
    """A reader learns what exactly does not exist; whoever may not read learns only that."""
    if role is not None:
        scope = f"/subscriptions/{SUBSCRIPTION}"
        visitor.emulator.world.cloud.assignments.append(RoleAssignment(PRINCIPAL, role, scope))
    assert arm_error(visitor.arm(path)) == expected


def test_who_does_not_say_who_they_are(visitor):
    """Without a token ARM tells a subscription's tenant, in the challenge, and whether there is such a subscription."""
    response = visitor.arm(f"/subscriptions/{SUBSCRIPTION}", headers={})
    assert arm_error(response) == (401, "AuthenticationFailed")
    challenge = f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}", error="invalid_token"'
    assert response.headers["WWW-Authenticate"].startswith(challenge)
    unknown = visitor.arm("/subscriptions/00000000-1111-4222-8333-444444444444", headers={})
    assert arm_error(unknown) == (404, "SubscriptionNotFound")


def test_tokens_that_are_not_for_arm(visitor):
    """A token of nobody, for another audience, of another tenant or past its end is refused as such."""
    cloud = visitor.emulator.world.cloud
    assert arm_error(visitor.arm(MYACR, headers={"Authorization": "Bearer x.y.z"})) == (
        401,
        "InvalidAuthenticationToken",
    )
    response = visitor.arm(MYACR, headers=visitor.bearer(AUDIENCE))
    assert arm_error(response) == (401, "InvalidAuthenticationToken")
    assert "wrong audience or resource 'https://containerregistry.azure.net'" in response.json()["error"]["message"]
    cloud.applications[CLIENT].principals[OTHER_TENANT] = PRINCIPAL
    response = visitor.arm(MYACR, headers=visitor.bearer(tenant=OTHER_TENANT))
    assert arm_error(response) == (401, "InvalidAuthenticationTokenTenant")
    assert f"must match the tenant 'https://sts.windows.net/{TENANT}/'" in response.json()["error"]["message"]
    headers, clock = visitor.bearer(), cloud.clock
    cloud.clock = lambda: clock() + 7200
    assert arm_error(visitor.arm(MYACR, headers=headers)) == (401, "ExpiredAuthenticationToken")


def test_version_is_asked_for(visitor):
    """A request that names no API version is refused."""
    assert arm_error(visitor.arm(MYACR, version="")) == (400, "MissingApiVersionParameter")


def test_subscriptions_are_those_with_a_role(visitor):
    """A caller sees the subscriptions in which it holds a role, each with its tenant."""
    cloud = visitor.emulator.world.cloud
    found = visitor.arm("/subscriptions").json()["value"]
    assert [(each["subscriptionId"], each["tenantId"]) for each in found] == [
        (SUBSCRIPTION, TENANT),
        (OTHER_SUBSCRIPTION, TENANT),
    ]
    assert visitor.arm(f"/subscriptions/{SUBSCRIPTION}").json()["displayName"] == "registries"
    cloud.assignments[:] = [each for each in cloud.assignments if each.role != "Reader"]
    assert len(visitor.arm("/subscriptions").json()["value"]) == 1
    assert arm_error(visitor.arm(f"/subscriptions/{OTHER_SUBSCRIPTION}")) == (403, "AuthorizationFailed")


def test_tokens_show_dates_and_no_values(visitor):
    """A scope-map token's record has its status, map and password dates, and no password."""
    token = visitor.emulator.world.cloud.registries["myacr"].tokens["puller"]
    response = visitor.arm(f"{MYACR}/tokens/puller")
    properties = response.json()["properties"]
    assert (properties["status"], properties["scopeMapId"]) == ("enabled", f"{MYACR}/scopeMaps/app-pull")
    assert [sorted(each) for each in properties["credentials"]["passwords"]] == [
        ["creationTime", "expiry", "name"],
        ["creationTime", "name"],
    ]
    assert not any(password.value in response.text for password in token.passwords)
    maps = {each["name"]: each["properties"]["type"] for each in visitor.arm(f"{MYACR}/scopeMaps").json()["value"]}
    assert maps == {
        "app-pull": "UserDefined",
        "_repositories_pull": "SystemDefined",
        "_repositories_push": "SystemDefined",
    }


def test_credentials_need_more_than_reading(visitor):
    """The admin passwords are given to who may list credentials, never to a reader, and not where there are none."""
    cloud = visitor.emulator.world.cloud
    registry = cloud.registries["myacr"]
    cloud.assignments.append(RoleAssignment(PRINCIPAL, "Reader", registry.resource_id))
    assert arm_error(visitor.arm(f"{MYACR}/listCredentials", "POST")) == (403, "AuthorizationFailed")
    cloud.assignments.append(RoleAssignment(PRINCIPAL, "Contributor", registry.resource_id))
    found = visitor.arm(f"{MYACR}/listCredentials", "POST").json()
    assert [each["value"] for each in found["passwords"]] == list(registry.admin_passwords)
    registry.admin_enabled = False
    refused = visitor.arm(f"{MYACR}/listCredentials", "POST")
    assert arm_error(refused) == (400, "UnAuthorizedForCredentialOperations")


@pytest.mark.parametrize(
    ("name", "free", "reason"),
    [("myacr", False, "AlreadyExists"), ("nosuchacr", True, None), ("a-b", False, "Invalid")],
)
def test_name_check_needs_the_subscription_alone(visitor, name, free, reason):
    """Whoever may ask in a subscription learns whether a name is taken anywhere, without access to the registry."""
    check = "providers/Microsoft.ContainerRegistry/checkNameAvailability"
    body = {"name": name, "type": "Microsoft.ContainerRegistry/registries"}
    refused = visitor.arm(f"/subscriptions/{SUBSCRIPTION}/{check}", "POST", json=body)
    assert arm_error(refused) == (403, "AuthorizationFailed")
    found = visitor.arm(f"/subscriptions/{OTHER_SUBSCRIPTION}/{check}", "POST", json=body).json()
    assert (found["nameAvailable"], found.get("reason")) == (free, reason)


def test_role_assignments_come_with_groups_parents_and_conditions(visitor):
    """Who holds what on a registry is told with what groups and parents give, and since when."""
    cloud = visitor.emulator.world.cloud
    cloud.groups["c0ffee00-0000-4000-8000-000000000001"] = {PRINCIPAL}
    cloud.assignments += [
        RoleAssignment("c0ffee00-0000-4000-8000-000000000001", "AcrPush", GROUP, created=86400.0),
        RoleAssignment(PRINCIPAL, "Container Registry Repository Reader", MYACR, "a condition"),
        RoleAssignment(PRINCIPAL, "AcrDelete", f"/subscriptions/{OTHER_SUBSCRIPTION}"),
    ]
    names = {role.id: name for name, role in cloud.roles.items()}

    def held(query):
        found = visitor.arm(f"{AUTHORIZATION}/roleAssignments", version="2022-04-01", params={"$filter": query})
        return {
            names[each["properties"]["roleDefinitionId"].rpartition("/")[2]]: each for each in found.json()["value"]
        }

    found = held(f"assignedTo('{PRINCIPAL}')")
    assert set(found) == {"AcrPull", EVIDENCE, "AcrPush", "Container Registry Repository Reader"}
    assert found["AcrPush"]["properties"]["principalType"] == "Group"
    assert found["AcrPush"]["properties"]["createdOn"] == "1970-01-02T00:00:00.0000000Z"
    assert found["Container Registry Repository Reader"]["properties"]["condition"] == "a condition"
    assert set(held(f"principalId eq '{PRINCIPAL}'")) == set(found) - {"AcrPush"}
    assert {each["properties"]["principalId"] for each in held("atScope()").values()} >= {OPERATOR.object_id}


def test_role_definitions_are_read_by_id(visitor):
    """A role definition tells its actions by id; the tenant's own list is everybody's and has no custom role."""
    path = "/providers/Microsoft.Authorization/roleDefinitions"
    found = visitor.arm(f"{AUTHORIZATION}/roleDefinitions/{EVIDENCE_ROLE.id}", version="2022-04-01").json()[
        "properties"
    ]
    assert (found["roleName"], found["type"]) == (EVIDENCE, "CustomRole")
    assert found["permissions"][0]["actions"] == list(EVIDENCE_ROLE.actions)
    visitor.emulator.world.cloud.assignments.clear()
    listed = visitor.arm(path, version="2022-04-01").json()["value"]
    assert {each["name"] for each in listed} == {role.id for role in BUILT_IN.values()}
    assert arm_error(visitor.arm(f"{path}/{EVIDENCE_ROLE.id}")) == (404, "RoleDefinitionDoesNotExist")
    assert arm_error(visitor.arm(f"{AUTHORIZATION}/roleDefinitions")) == (403, "AuthorizationFailed")


def test_own_permissions_need_no_role_of_their_own(visitor):
    """Everybody learns what they may do themselves; what is denied, only who may look learns."""
    permissions = visitor.arm(f"{AUTHORIZATION}/permissions", version="2022-04-01").json()["value"]
    assert [each["actions"] for each in permissions] == [
        ["Microsoft.ContainerRegistry/registries/pull/read"],
        list(EVIDENCE_ROLE.actions),
    ]
    assert visitor.arm(f"{AUTHORIZATION}/denyAssignments").json() == {"value": []}
    cloud = visitor.emulator.world.cloud
    own = cloud.registries["myacr"].resource_id
    cloud.denials += [
        DenyAssignment("here", own, (EVERYBODY,), (PRINCIPAL,), ("*/delete",)),
        DenyAssignment("above", GROUP, (PRINCIPAL,), below=False),
        DenyAssignment("beside", cloud.registries["otheracr"].resource_id, (PRINCIPAL,)),
    ]
    listed = visitor.arm(f"{AUTHORIZATION}/denyAssignments", params={"$filter": "atScope()"}).json()["value"]
    assert [each["properties"]["denyAssignmentName"] for each in listed] == ["here", "above"]
    first, second = (each["properties"] for each in listed)
    assert first["principals"] == [{"id": EVERYBODY, "type": "SystemDefined"}]
    assert first["excludePrincipals"] == [{"id": PRINCIPAL, "type": "ServicePrincipal"}]
    assert (first["doNotApplyToChildScopes"], second["doNotApplyToChildScopes"]) == (False, True)
    cloud.assignments[:] = [each for each in cloud.assignments if each.role != EVIDENCE]
    assert arm_error(visitor.arm(f"{AUTHORIZATION}/denyAssignments")) == (403, "AuthorizationFailed")


def test_evidence_role_reads_no_secret_and_no_image(visitor):
    """The healthy world's evidence role names each action, and none of them gives a secret or an image."""
    assert not any("*" in action for action in EVIDENCE_ROLE.actions)
    assert {action.rpartition("/")[2] for action in EVIDENCE_ROLE.actions} == {"read"}
    visitor.emulator.apply("exchange-no-role")
    assert visitor.arm(MYACR).status_code == 200
    assert visitor.exchange().status_code == 401


def test_nothing_is_changed(visitor):
    """Writes are refused for want of a role, and where there is one as unknown here."""
    assert arm_error(visitor.arm(MYACR, "DELETE")) == (403, "AuthorizationFailed")
    visitor.emulator.world.cloud.assignments.append(RoleAssignment(PRINCIPAL, "Owner", GROUP))
    assert arm_error(visitor.arm(MYACR, "DELETE")) == (404, "InvalidResourceType")
    assert "myacr" in visitor.emulator.world.cloud.registries
