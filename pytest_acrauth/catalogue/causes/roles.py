"""Family ``roles``: role assignments that are too small, not yet or no longer in effect, or do not count."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import RoleMode, role_mode
from pytest_acrauth.catalogue.questions.climb import FRESH, USER_KIND, access_token_of
from pytest_acrauth.catalogue.questions.management import ROLES, rights_of
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Question
from pytest_acrauth.catalogue.steps import ASSIGN_IN_ABAC_MODE, ASSIGN_ROLES, SHOW_ROLE_MODE
from pytest_acrauth.catalogue.symptoms import access_token, exchange, operation
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import Need


def _scope(broken: Break) -> str | None:
    token = access_token_of(broken)
    return token.scope if token else None


def _grants_asked(broken: Break) -> bool | None:
    token = access_token_of(broken)
    if token is None or token.granted is None:
        return None
    reply = facts.reply(broken)
    contradicted = reply is not None and "insufficient_scope" in reply.authenticate
    return not token.missing and not contradicted


def _accepted(broken: Break) -> bool | None:
    """Answer by what the registry let pass; where it refused at once, by whether the identity has any role."""
    transcript = broken.transcript
    token = access_token_of(broken)
    if (transcript.exchange and transcript.exchange.ok) or (token and token.issued):
        return True
    rights = rights_of(broken)
    return None if rights is None else bool(rights.granted)


SCOPE: Question[str] = Question(
    id="scope",
    asks="Which scope was asked for?",
    by_hand="Name a repository with --acr-repository.",
    read=_scope,
)
GRANTS_ASKED: Question[bool] = Question(
    id="grants-asked",
    asks="Does the access token contain the requested actions?",
    by_hand="Decode the access token's middle part on this machine, and read access[].actions.",
    read=_grants_asked,
)
ACCEPTED: Question[bool] = Question(
    id="identity-accepted",
    asks="Did the registry accept the identity at sign-in, or does it have a role there?",
    by_hand="Compare the stages that passed.",
    needs=Need.ROLES,
    read=_accepted,
)
ROLE_MODE: Question[RoleMode] = Question(
    id="role-mode",
    asks="Which role assignment mode is the registry in?",
    by_hand=SHOW_ROLE_MODE,
    needs=Need.REGISTRY,
    read=role_mode,
)

# Whoever a role can be assigned to, itself or behind a token; a stored login keeps it to itself.
_CAN_HOLD_ROLES = USER_KIND.is_(Kind.SERVICE_PRINCIPAL, Kind.MANAGED_IDENTITY, Kind.USER, Kind.REFRESH_TOKEN)
_ABAC = ROLE_MODE.is_(RoleMode.ABAC)
_REFUSED = (
    exchange.EXCHANGE_REFUSED,
    exchange.BARE_403,
    access_token.BASIC_REFUSED,
    access_token.NOTHING_GRANTED,
    operation.OPERATION_REFUSED,
)
_ABAC_PAGE = pages.ACR + "container-registry-rbac-abac-repository-permissions"


def _excluded(rights: Rights) -> bool | None:
    return None if rights.unclear else rights.excluded


def _denied(rights: Rights) -> bool | None:
    """Judge a deny assignment: it explains nothing where the roles are too small anyway."""
    if rights.enough and rights.denied is None:
        return None
    return rights.enough and bool(rights.denied)


SCOPE_NOT_GRANTED = FailureMode(
    id="scope-not-granted",
    title="{wanted} on {repository} is not granted to this identity",
    seen=(
        access_token.RIGHTS_MISSING,
        access_token.NOTHING_GRANTED,
        operation.OPERATION_REFUSED,
        access_token.BASIC_REFUSED,
    ),
    when=(
        USER_KIND.is_not(Kind.SCOPE_MAP_TOKEN, Kind.ADMIN),
        SCOPE.where("one on a repository", bool),
        ACCEPTED.is_(True),
        ROLES.where("none that allows it", lambda rights: rights.short),
    ),
    not_when=(GRANTS_ASKED.is_(True),),
    means="The registry grants what the identity's roles allow. AcrPull can pull, AcrPush can pull and push, AcrDelete"
    " can only delete. In ABAC mode other roles count: Container Registry Repository Reader (pull), Writer (pull, push)"
    " and Contributor (pull, push, delete).",
    fix=(
        *ASSIGN_ROLES,
        Given("No role can be given to {nobody}, who can pull at most: choose an identity with --acr-auth.", "nobody"),
    ),
    instead=("If the job does not need {wanted}, ask for less: --acr-must.",),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#recommended-built-in-roles-by-scenario",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    unlike=(
        'Www-Authenticate: Bearer realm="https://ghcr.io/token",scope="repository:team/app:push",error="insufficient_scope"',
        "denied: requested access to the resource is denied: push to docker.io/library/app",
    ),
)
ROLE_PROPAGATION_DELAY = FailureMode(
    id="role-propagation-delay",
    title="a role assigned in the last minutes is not in effect yet",
    seen=_REFUSED,
    when=(
        _CAN_HOLD_ROLES,
        ROLES.where("one that allows it, assigned less than ten minutes ago", lambda rights: rights.on_its_way),
    ),
    means="The role is assigned, and enough. The registry keeps what it knows of an identity for up to ten minutes, and"
    " a Kubernetes node keeps its login for up to an hour.",
    fix=(
        "Wait ten minutes after the assignment, then check again. It need not be assigned again.",
        (
            "A client that was logged in before keeps its old rights. Log it out, wait a minute, and log it in again as"
            " before:"
        ),
        Command("docker logout {login_server}"),
    ),
    page=pages.ACR
    + "container-registry-faq#why-aren-t-new-user-permissions-effective-immediately-after-they-re-granted-",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
)
ABAC_LEGACY_ROLE_INEFFECTIVE = FailureMode(
    id="abac-legacy-role-ineffective",
    title="{registry} is in ABAC mode and ignores AcrPull, AcrPush and AcrDelete",
    seen=(*_REFUSED, access_token.RIGHTS_MISSING),
    when=(_CAN_HOLD_ROLES, _ABAC, ROLES.where("only ones that ABAC mode ignores", lambda rights: rights.legacy)),
    means="The portal calls this mode RBAC Registry + ABAC Repository Permissions. In it AcrPull, AcrPush, AcrDelete,"
    " Reader, Contributor and Owner open no repository; the Container Registry Repository roles do, and a condition can"
    " limit them to some repositories.",
    fix=(
        *ASSIGN_IN_ABAC_MODE,
        (
            "Where it must list repositories too, as AcrPull could, it needs a second role: Container Registry"
            " Repository Catalog Lister."
        ),
    ),
    page=_ABAC_PAGE + "#effect-on-existing-role-assignments",
)
ABAC_CONDITION_EXCLUDES_REPO = FailureMode(
    id="abac-condition-excludes-repo",
    title="the condition of the identity's role does not match {repository}",
    seen=(
        access_token.RIGHTS_MISSING,
        access_token.NOTHING_GRANTED,
        operation.OPERATION_REFUSED,
        access_token.BASIC_REFUSED,
    ),
    when=(
        _CAN_HOLD_ROLES,
        SCOPE.where("one on a repository", bool),
        _ABAC,
        ROLES.where("one that allows it, on a condition that leaves this repository out", _excluded),
    ),
    means="The role is assigned for some repositories only, which its condition names. A prefix such as team/ matches"
    " what lies below it, and not the repository team itself.",
    fix=(
        (
            "Whoever may assign roles on the registry, such as its Owner, widens the condition: in the portal under"
            " Access control (IAM), Role assignments, or as a file. If a group holds the role, it counts for all of its"
            " members:"
        ),
        Command(
            "az role assignment list {holder} --include-inherited --include-groups --scope {registry_id}"
            ' --query "[?condition] | [0]" > assignment.json'
        ),
        (
            "Add {repository} to the condition in that file, beside the names that it has: OR"
            " @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'NAME'. Then:"
        ),
        Command("az role assignment update --role-assignment assignment.json"),
    ),
    page=_ABAC_PAGE + "#configure-azure-abac-repository-permissions",
)
ABAC_MODE_SWITCH_STALE_CREDENTIAL = FailureMode(
    id="abac-mode-switch-stale-credential",
    title="the credential is older than the last change of {registry}'s role assignment mode",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403, access_token.BASIC_REFUSED, operation.OPERATION_REFUSED),
    when=(_CAN_HOLD_ROLES, FRESH.is_(False)),
    unprovable="TODO",
    means="When the mode of a registry is changed, every login from before it ends, whatever its own date says. Logins"
    " made since then are not affected.",
    look=("Ask whoever manages the registry whether its mode was changed, and when.",),
    fix=(
        "Log in again:",
        Command("az acr login -n {login_name}"),
        (
            "On Kubernetes the login is the node's: whoever runs the cluster restarts the kubelet or replaces the"
            " nodes; restarting pods renews nothing. Without that it ends by itself within hours."
        ),
    ),
    page=_ABAC_PAGE + "#step-4-refresh-cached-credentials-on-all-clients",
)
CUSTOM_ROLE_WILDCARD = FailureMode(
    id="custom-role-wildcard",
    title="{custom_role} uses a wildcard (*), which {registry} ignores",
    seen=_REFUSED,
    when=(
        _CAN_HOLD_ROLES,
        ROLES.where("a custom one that allows it by a wildcard only", lambda rights: rights.by_wildcard),
    ),
    means="A custom role lists what it allows. Unless the tenant reaches Azure's management over a private link, a"
    " registry honours what is listed word for word, and no wildcard such as registries/*/read.",
    look=(
        Command(
            "az role definition list --custom-role-only true --scope {registry_id}"
            ' --query "[].{{role:roleName,allows:permissions[].[actions,dataActions]}}"'
        ),
    ),
    fix=("Whoever may change the role lists in it, word for word, {permissions}; that counts for all who hold it.",),
    page=pages.ACR + "container-registry-rbac-custom-roles#creating-or-updating-a-custom-role",
)
DENY_ASSIGNMENT = FailureMode(
    id="deny-assignment",
    title="a deny assignment takes away what a role gives",
    seen=_REFUSED,
    when=(_CAN_HOLD_ROLES, ROLES.where("enough, and a deny assignment bears on the identity", _denied)),
    means="A deny assignment overrides every role. Managed applications and deployment stacks create them, to keep"
    " others from what they made.",
    look=(
        Command(
            "az rest --method get --url {registry_id}/providers/Microsoft.Authorization/denyAssignments"
            ' --uri-parameters api-version=2022-04-01 --query "value[].properties"'
        ),
    ),
    fix=("Ask whoever placed it, as its description says, to exempt this identity. No role helps.",),
    page="https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
)
