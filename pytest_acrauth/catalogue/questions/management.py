"""What can be asked of the management plane, Graph and Entra to tell causes apart, or of a person only.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.questions.records import (
    AppCredentials,
    DataHosts,
    Endpoints,
    MapState,
    Networks,
    TokenState,
)
from pytest_acrauth.catalogue.questions.rights import Rights, RoleMode
from pytest_acrauth.catalogue.shape import Break, Question
from pytest_acrauth.model.evidence import Need, RegistryFacts

NO_REGISTRY = "none: nobody has the name"
TOKEN_ISSUED = "a token"  # noqa: S105 - what Entra gives for a right secret


def _record(broken: Break) -> RegistryFacts | None:
    look = broken.transcript.evidence.registry
    return look.value if look and look.value and look.value.found else None


def _login_server(broken: Break) -> str | None:
    look = broken.transcript.evidence.registry
    if look is None or look.value is None:
        return None
    if look.value.found:
        return look.value.login_server or None
    return NO_REGISTRY if look.value.name_free else None


def _networks(broken: Break) -> Networks | None:
    return Networks(record, broken.transcript.started) if (record := _record(broken)) else None


def _admin_enabled(broken: Break) -> bool | None:
    return record.admin_user_enabled if (record := _record(broken)) else None


def _endpoints(broken: Break) -> Endpoints | None:
    return Endpoints(record) if (record := _record(broken)) else None


def _data_hosts(broken: Break) -> DataHosts | None:
    record = _record(broken)
    return DataHosts(record) if record is not None and record.data_endpoint_enabled is not None else None


def _role_mode(broken: Break) -> RoleMode | None:
    """Return how the registry judges roles: as the refresh token tells, else as its record says."""
    claims = broken.transcript.exchange.claims if broken.transcript.exchange else None
    if claims is not None and (claims.aad_identity or claims.permissions):
        return RoleMode.ABAC if claims.aad_identity else RoleMode.RBAC
    record = _record(broken)
    if record is None or not record.role_assignment_mode:
        return None
    return RoleMode.ABAC if record.role_assignment_mode == "AbacRepositoryPermissions" else RoleMode.RBAC


def _token_state(broken: Break) -> TokenState | None:
    look = broken.transcript.evidence.scope_map_token
    return TokenState(look.value, broken.transcript.started) if look and look.value else None


def _map_state(broken: Break) -> MapState | None:
    look = broken.transcript.evidence.scope_map
    if look is None or look.value is None or broken.access is None:
        return None
    return MapState(look.value, broken.access.reference.repository, facts.scope_map_actions(facts.wanted(broken)))


def _rights(broken: Break) -> Rights | None:
    look = broken.transcript.evidence.roles
    if look is None or look.value is None:
        return None
    mode = _role_mode(broken)
    if mode is None and look.value.assignments:
        return None
    repository = broken.access.reference.repository if broken.access else ""
    return Rights(look.value, facts.wanted(broken), repository, mode, broken.transcript.started)


def _app_credentials(broken: Break) -> AppCredentials | None:
    look = broken.transcript.evidence.application
    if look is None or look.value is None or not look.value.found or not look.value.home:
        return None
    return AppCredentials(look.value, broken.transcript.started)


def _application_found(broken: Break) -> bool | None:
    look = broken.transcript.evidence.application
    return look.value.found if look and look.value else None


def _entra_answer(broken: Break) -> str | None:
    look = broken.transcript.evidence.entra_direct
    if look is None or look.value is None:
        return None
    return TOKEN_ISSUED if look.value.issued else f"AADSTS{look.value.codes[0]}"


def _tenant(broken: Break) -> str | None:
    look = broken.transcript.evidence.tenant
    return look.value if look else None


def _arm_audience(broken: Break) -> str | None:
    return record.arm_audience or None if (record := _record(broken)) else None


def _quarantine(broken: Break) -> str | None:
    return record.quarantine or None if (record := _record(broken)) else None


LOGIN_SERVER: Question[str] = Question(
    id="login-server",
    asks="Which login server does the registry have?",
    by_hand='az acr list --query "[].loginServer" -o tsv',
    needs=Need.REGISTRY,
    read=_login_server,
)
NETWORK: Question[Networks] = Question(
    id="network-rules",
    asks="Which networks may reach the registry, and since when?",
    by_hand='az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet,systemData.lastModifiedAt]"',
    needs=Need.REGISTRY,
    read=_networks,
)
PRIVATE_ENDPOINTS: Question[Endpoints] = Question(
    id="private-endpoints",
    asks="Does the registry have private endpoints, and are they approved?",
    by_hand="az acr private-endpoint-connection list --registry-name {registry} -o table",
    needs=Need.REGISTRY,
    read=_endpoints,
)
ROLES: Question[Rights] = Question(
    id="roles",
    asks="Which roles does the identity hold on the registry, since when, on which conditions?",
    by_hand="az role assignment list --assignee {client_id} --include-inherited --include-groups"
    " --scope $(az acr show -n {registry} --query id -o tsv)",
    needs=Need.ROLES,
    read=_rights,
)
ROLE_MODE: Question[RoleMode] = Question(
    id="role-mode",
    asks="Which role assignment mode is the registry in?",
    by_hand="az acr show -n {registry} --query roleAssignmentMode -o tsv",
    needs=Need.REGISTRY,
    read=_role_mode,
)
REGISTRY_TENANT: Question[str] = Question(
    id="registry-tenant",
    asks="To which tenant does the registry's subscription belong?",
    by_hand="az account show --query tenantId -o tsv",
    needs=Need.TENANT,
    read=_tenant,
)
ARM_AUDIENCE_POLICY: Question[str] = Question(
    id="arm-audience-policy",
    asks="Does the registry accept tokens for the management audience?",
    by_hand="az acr config authentication-as-arm show -r {registry}",
    needs=Need.REGISTRY,
    read=_arm_audience,
)
ADMIN_ENABLED: Question[bool] = Question(
    id="admin-enabled",
    asks="Is the admin user enabled?",
    by_hand="az acr show -n {registry} --query adminUserEnabled -o tsv",
    needs=Need.REGISTRY,
    read=_admin_enabled,
)
SCOPE_MAP_TOKEN: Question[TokenState] = Question(
    id="scope-map-token",
    asks="Does the scope-map token exist, is it enabled, and when do its passwords end?",
    by_hand='az acr token show -n {user_name} -r {registry} --query "[status,scopeMapId,credentials.passwords]"',
    needs=Need.SCOPE_MAP_TOKEN,
    read=_token_state,
)
SCOPE_MAP: Question[MapState] = Question(
    id="scope-map",
    asks="What does the scope map allow?",
    by_hand="az acr scope-map list -r {registry} -o table",
    needs=Need.SCOPE_MAP,
    read=_map_state,
)
ENTRA_DIRECTLY: Question[str] = Question(
    id="entra-directly",
    asks="What does Entra itself answer to this client id and secret?",
    by_hand="az login --service-principal -u {client_id} -p <secret> --tenant <tenant id>",
    needs=Need.ENTRA_DIRECT,
    read=_entra_answer,
)
APP_CREDENTIALS: Question[AppCredentials] = Question(
    id="app-credentials",
    asks="Which secrets and certificates does the application have, and when do they end?",
    by_hand='az ad app credential list --id {client_id} --query "[].endDateTime" -o tsv',
    needs=Need.APPLICATION,
    read=_app_credentials,
)
APPLICATION: Question[bool] = Question(
    id="application",
    asks="Does the application exist in the registry's tenant?",
    by_hand="az ad sp show --id {client_id}",
    needs=Need.APPLICATION,
    read=_application_found,
)
DATA_ENDPOINTS: Question[DataHosts] = Question(
    id="data-endpoints",
    asks="Which data endpoints does the registry have?",
    by_hand="az acr show-endpoints -n {registry}",
    needs=Need.REGISTRY,
    read=_data_hosts,
)
QUARANTINE: Question[str] = Question(
    id="quarantine",
    asks="Does the registry quarantine images that were pushed?",
    by_hand="az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv",
    needs=Need.REGISTRY,
    read=_quarantine,
)

CLOUD: Question[str] = Question(
    id="registry-cloud",
    asks="In which cloud does the registry live?",
    by_hand="az cloud show --query name -o tsv",
)
IMAGE: Question[str] = Question(
    id="image",
    asks="Which tags does the repository have?",
    by_hand="az acr repository show-tags -n {registry} --repository {repository}",
)
EGRESS: Question[str] = Question(
    id="egress",
    asks="Which hosts may this machine reach?",
    by_hand="Ask who runs the firewall between this machine and Azure.",
)
