"""Family ``roles``: role assignments that are too small, not yet or no longer in effect, or do not count."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.access import NOTHING_GRANTED, OPERATION_REFUSED, RIGHTS_MISSING
from pytest_acrauth.catalogue.basic import BASIC_REFUSED
from pytest_acrauth.catalogue.exchange import BARE_403, EXCHANGE_REFUSED
from pytest_acrauth.catalogue.questions import (
    FRESH,
    GRANTS_ASKED,
    ROLE_MODE,
    ROLES,
    SCOPE,
    USER_KIND,
    RoleMode,
    possible,
)
from pytest_acrauth.failure import Answers, FailureMode, Verdict
from pytest_acrauth.observation import Kind

_REFUSED = (EXCHANGE_REFUSED, BARE_403, BASIC_REFUSED, NOTHING_GRANTED, OPERATION_REFUSED)
_ASSIGN = (
    "az role assignment create --assignee {client_id} --role {role}"
    " --scope $(az acr show -n {registry} --query id -o tsv)"
)
_ASSIGN_ABAC = (
    'az role assignment create --assignee {client_id} --role "{abac_role}"'
    " --scope $(az acr show -n {registry} --query id -o tsv)"
)


def _has_roles(answers: Answers) -> Verdict:
    return answers[USER_KIND].holds(lambda kind: kind in {Kind.SERVICE_PRINCIPAL, Kind.REFRESH_TOKEN})


def _is_abac(answers: Answers) -> Verdict:
    return answers[ROLE_MODE].holds(lambda mode: mode is RoleMode.ABAC)


SCOPE_NOT_GRANTED = FailureMode(
    id="scope-not-granted",
    family="roles",
    shows=(RIGHTS_MISSING, NOTHING_GRANTED, OPERATION_REFUSED, BASIC_REFUSED),
    asks=(USER_KIND, SCOPE, GRANTS_ASKED, ROLES),
    proof=lambda a: possible(
        a[USER_KIND].holds(lambda kind: kind not in {Kind.SCOPE_MAP_TOKEN, Kind.ADMIN}),
        a[SCOPE].holds(bool),
        a[GRANTS_ASKED].holds(lambda granted: not granted),
    ),
    title="{wanted} on {repository} is not granted to this identity",
    meaning="The registry grants exactly what the identity's roles allow: AcrPull pulls, AcrPush pulls and pushes,"
    " AcrDelete deletes and does neither. A role assigned minutes ago may not count yet.",
    remedies=(_ASSIGN, "Where more is asked for than the job needs, ask for less with --acr-must."),
    link=pages.ACR + "container-registry-rbac-built-in-roles-overview",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
ROLE_PROPAGATION_DELAY = FailureMode(
    id="role-propagation-delay",
    family="roles",
    shows=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: possible(_has_roles(a)),
    title="a role assigned in the last minutes may not be in effect yet",
    meaning="The registry's token servers keep what they know of an identity for up to ten minutes.",
    remedies=("Wait ten minutes after the assignment, then check again.",),
    link=pages.ACR + "container-registry-faq",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
    since="0.1",
)
ABAC_LEGACY_ROLE_INEFFECTIVE = FailureMode(
    id="abac-legacy-role-ineffective",
    family="roles",
    shows=(*_REFUSED, RIGHTS_MISSING),
    asks=(USER_KIND, ROLE_MODE, ROLES),
    proof=lambda a: possible(_has_roles(a), _is_abac(a)),
    title="{registry} assigns roles per repository and ignores AcrPull and its like",
    meaning="In this mode AcrPull, AcrPush, AcrDelete, Reader, Contributor and Owner open no repository.",
    remedies=(_ASSIGN_ABAC, "az acr update -n {registry} --role-assignment-mode rbac"),
    link=pages.ACR + "container-registry-rbac-abac-repository-permissions",
    az_code=None,
    transient=False,
    since="0.1",
)
ABAC_CONDITION_EXCLUDES_REPO = FailureMode(
    id="abac-condition-excludes-repo",
    family="roles",
    shows=(RIGHTS_MISSING, NOTHING_GRANTED, OPERATION_REFUSED, BASIC_REFUSED),
    asks=(USER_KIND, SCOPE, ROLE_MODE, ROLES),
    proof=lambda a: possible(_has_roles(a), a[SCOPE].holds(bool), _is_abac(a)),
    title="the condition of the identity's role does not match {repository}",
    meaning="The role is assigned for some repositories only. A prefix such as team/ matches what lies below it, and"
    " not the repository team itself.",
    remedies=(
        (
            "az role assignment list --assignee {client_id} --include-inherited --query [].condition"
            " --scope $(az acr show -n {registry} --query id -o tsv)"
        ),
        "Widen the condition so that it matches {repository}.",
    ),
    link=pages.ACR + "container-registry-rbac-abac-repository-permissions",
    az_code=None,
    transient=False,
    since="0.1",
)
ABAC_MODE_SWITCH_STALE_CREDENTIAL = FailureMode(
    id="abac-mode-switch-stale-credential",
    family="roles",
    shows=(EXCHANGE_REFUSED, BARE_403, BASIC_REFUSED, OPERATION_REFUSED),
    asks=(USER_KIND, FRESH, ROLE_MODE),
    proof=lambda a: possible(_has_roles(a), a[FRESH].holds(lambda fresh: not fresh)),
    title="the credential is older than the last change of {registry}'s role assignment mode",
    meaning="Changing the mode ends every credential issued before, whatever its own date says.",
    remedies=("az acr login -n {registry}",),
    link=pages.ACR + "container-registry-rbac-abac-repository-permissions",
    az_code=None,
    transient=False,
    since="0.1",
)
CUSTOM_ROLE_WILDCARD = FailureMode(
    id="custom-role-wildcard",
    family="roles",
    shows=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: possible(_has_roles(a)),
    title="a custom role may name its actions with a wildcard that does not count",
    meaning="In most tenants the registry honours the actions that a custom role lists one by one, and no wildcard.",
    remedies=("List Microsoft.ContainerRegistry/registries/pull/read and the others one by one in the role.",),
    link=pages.ACR + "container-registry-rbac-custom-roles",
    az_code=None,
    transient=False,
    since="0.1",
)
DENY_ASSIGNMENT = FailureMode(
    id="deny-assignment",
    family="roles",
    shows=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: possible(_has_roles(a)),
    title="a deny assignment may take away what a role gives",
    meaning="Managed applications and deployment stacks place them, and they win over every role.",
    remedies=("Look at Deny assignments in the registry's Access control (IAM), and ask whoever placed them.",),
    link="https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
    az_code=None,
    transient=False,
    since="0.1",
)
