"""Family ``roles``: role assignments that are missing, too small, not yet or no longer in effect, or do not count."""

from __future__ import annotations

from collections.abc import Callable

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import RoleMode, role_mode
from pytest_acrauth.catalogue.questions.climb import USER_KIND, access_token_of
from pytest_acrauth.catalogue.questions.management import LAST_CHANGE, NO_ROLE, ROLES, TENANTS, rights_of
from pytest_acrauth.catalogue.questions.rights import Rights, Standing
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.steps import ASSIGN_IN_ABAC_MODE, ASSIGN_ROLES, LIST_ROLES, SHOW_ROLE_MODE
from pytest_acrauth.catalogue.symptoms import access_token, exchange, operation, requests, text
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import Need

# How long a refresh token lasts, in seconds.
_LOGIN_LASTS = 3 * 3600
# What a refresh token calls the actions that it was issued for.
_SAID = {"pull": "read", "metadata_read": "read", "push": "write", "metadata_write": "write", "delete": "delete"}


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
    if rights is None or rights.nothing is None:
        return None
    return bool(rights.granted)


def _login_mode_kept(broken: Break) -> bool | None:
    """Compare what a stored login says with the registry's mode now; every other credential is shown anew each time."""
    credential, mode = broken.transcript.credential, role_mode(broken)
    if credential.kind is not Kind.REFRESH_TOKEN:
        return None if credential.kind in {Kind.STORED, Kind.UNREAD} else True
    login = credential.login
    if login is None or mode is None or not (login.aad_identity or login.permissions):
        return None
    return login.aad_identity is (mode is RoleMode.ABAC)


def _given_after_login(broken: Break) -> bool | None:
    """Answer for a login that says what its holder was allowed; where rights are by repository it does not.

    Every other credential is shown anew each time.
    """
    credential, rights = broken.transcript.credential, rights_of(broken)
    if credential.kind not in {Kind.REFRESH_TOKEN, Kind.STORED, Kind.UNREAD}:
        return False
    login = credential.login
    if login is None or login.issued is None or login.aad_identity:
        return None
    said = {*login.permissions}
    if "*" in said or {_SAID.get(action, action) for action in facts.wanted(broken)} <= said:
        return False
    return rights.given_after(login.issued) if rights is not None else None


SCOPE: Question[str] = Question(
    id="scope",
    asks="Which scope was asked for?",
    shows="scope asked for",
    by_hand="Name a repository with --acr-repository.",
    read=_scope,
)
GRANTS_ASKED: Question[bool] = Question(
    id="grants-asked",
    asks="Does the access token contain the requested actions?",
    shows="access token grants all of it",
    by_hand="Decode the access token's middle part on this machine, and read access[].actions.",
    read=_grants_asked,
)
ACCEPTED: Question[bool] = Question(
    id="identity-accepted",
    asks="Did the registry accept the identity at sign-in, or does it have a role there?",
    shows="identity known at the registry",
    by_hand="Compare the stages that passed.",
    needs=Need.ROLES,
    read=_accepted,
)
ROLE_MODE: Question[RoleMode] = Question(
    id="role-mode",
    asks="Which role assignment mode is the registry in?",
    shows="role assignment mode",
    by_hand=SHOW_ROLE_MODE,
    needs=Need.REGISTRY,
    read=role_mode,
)
LOGIN_MODE_KEPT: Question[bool] = Question(
    id="login-mode-kept",
    asks="Was the login made in the role assignment mode that the registry has now?",
    shows="login made in the present mode",
    by_hand="Decode the stored password's middle part on this machine: aad_identity is in it in ABAC mode alone.",
    needs=Need.REGISTRY,
    read=_login_mode_kept,
)
ROLE_AFTER_LOGIN: Question[bool] = Question(
    id="role-after-login",
    asks="Was the role that allows it given after the login?",
    shows="role given after the login",
    by_hand="Decode the stored password's middle part on this machine, and compare iat with the role's date.",
    needs=Need.ROLES,
    read=_given_after_login,
)

_ACTIVATE = Given(
    "If it is one that its holder activates for some hours (Privileged Identity Management), activate it instead:"
    " until then it is not listed as held, and counts for nothing.",
    "person",
)
# A chain of credentials stops at the first one that works, which may not be the one that was given a role.
_ANOTHER_IDENTITY = Given(
    "If another identity was meant, --acr-auth chooses it: the environment also holds a credential for {unused}.",
    "unused",
)
# Whoever a role can be assigned to, itself or behind a token; a stored login keeps it to itself.
_CAN_HOLD_ROLES = USER_KIND.is_(Kind.SERVICE_PRINCIPAL, Kind.MANAGED_IDENTITY, Kind.USER, Kind.REFRESH_TOKEN)
_ABAC = ROLE_MODE.is_(RoleMode.ABAC)
_ON_A_REPOSITORY = SCOPE.where("one on a repository", bool)
# What a tenant gives and denies says nothing of identities that it does not have.
_OF_ANOTHER_TENANT = TENANTS.where("no, to another one", lambda tenants: tenants.differ)
_DENIED = ROLES.where("some or none, and a deny assignment forbids it to this identity", lambda rights: rights.denied)
# Where rights on a repository were refused or are lacking, and where the identity was not let in at all.
_LACKING = (
    access_token.BASIC_REFUSED,
    access_token.NOTHING_GRANTED,
    access_token.RIGHTS_MISSING,
    operation.OPERATION_REFUSED,
)
_REFUSED = (exchange.EXCHANGE_REFUSED, exchange.BARE_403, *_LACKING)
_ABAC_PAGE = pages.ACR + "container-registry-rbac-abac-repository-permissions"


def _because(standing: Standing, *open_for: Standing) -> Callable[[Rights], bool | None]:
    """Return what judges whether something stands so; open where a role does not tell, and for the standings given."""

    def judge(rights: Rights) -> bool | None:
        found = rights.standings
        return True if standing in found else None if found & {Standing.UNREAD, *open_for} else False

    return judge


EXCHANGE_NO_ROLE = FailureMode(
    id="exchange-no-role",
    title="the identity has no role for images on {registry}",
    brief="no role",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403, text.REFUSED_AND_NOT_FOUND),
    when=(NO_ROLE,),
    not_when=(_OF_ANOTHER_TENANT,),
    occurs=Occurs.OFTEN,
    means="Entra knows the identity, and nothing is assigned to it on the registry, or above it, that lets it pull or"
    " push. The role may have gone to another identity of a like name, to an application instead of its service"
    " principal, or to another registry.",
    fix=ASSIGN_ROLES,
    instead=(
        _ACTIVATE,
        _ANOTHER_IDENTITY,
        Given(
            "A personal Microsoft account (outlook.com, live.com) can be refused whatever its roles: use one of work.",
            "person",
        ),
    ),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#perform-role-assignments-to-grant-permissions",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    unlike=("(AuthorizationFailed) The client does not have authorization for 'Microsoft.Storage/read'.",),
)
SP_LACKS_ROLE = FailureMode(
    id="sp-lacks-role",
    title="{client_id} has no role for images on {registry}",
    brief="application without a role",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SERVICE_PRINCIPAL),
        NO_ROLE,
    ),
    occurs=Occurs.OFTEN,
    means="Its secret was accepted, since a bad one has another text. Nothing is assigned to it on the registry, or"
    " above it, that lets it pull or push.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#perform-role-assignments-to-grant-permissions",
    unlike=("denied: requested access to the resource is denied: app.jfrog.io/team/app",),
)
SCOPE_NOT_GRANTED = FailureMode(
    id="scope-not-granted",
    title="no role allows {unassigned} on {repository}",
    brief="no role for this action",
    seen=_LACKING,
    when=(
        _CAN_HOLD_ROLES,
        _ON_A_REPOSITORY,
        ACCEPTED.is_(True),
        ROLES.where("none that allows it", _because(Standing.NONE)),
    ),
    not_when=(GRANTS_ASKED.is_(True),),
    occurs=Occurs.OFTEN,
    means="The registry grants what the identity's roles allow. AcrPull can pull, AcrPush can pull and push, AcrDelete"
    " can only delete. In ABAC mode other roles count: Container Registry Repository Reader (pull), Writer (pull, push)"
    " and Contributor (pull, push, delete).",
    fix=ASSIGN_ROLES,
    instead=(
        "If the job does not need {unassigned}, ask for less (--acr-must, a readiness file or the test).",
        _ACTIVATE,
        _ANOTHER_IDENTITY,
    ),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#recommended-built-in-roles-by-scenario",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    unlike=(
        'Www-Authenticate: Bearer realm="https://ghcr.io/token",scope="repository:team/app:push",error="insufficient_scope"',
        "denied: requested access to the resource is denied: push to docker.io/library/app",
    ),
)
ROLE_PROPAGATION_DELAY = FailureMode(
    id="role-propagation-delay",
    title="a role given minutes ago is not in effect yet",
    brief="role given minutes ago",
    seen=(*_REFUSED, text.REFUSED_AND_NOT_FOUND),
    when=(
        _CAN_HOLD_ROLES,
        ROLES.where(
            "one that allows it, assigned less than ten minutes ago",
            # Somewhat older, changed since, or through a group: then nobody can say whether it is long enough.
            _because(Standing.YOUNG, Standing.SINCE),
        ),
        # A login from before the role explains the refusal by itself.
        ROLE_AFTER_LOGIN.where("no", lambda after: None if after else True),
    ),
    open_when=(_DENIED,),
    occurs=Occurs.OFTEN,
    means="The role is there. The registry keeps what it knows of an identity and its groups for up to ten"
    " minutes, and a Kubernetes node keeps its login for up to an hour.",
    fix=(
        "Wait ten minutes after the assignment, then check again. It need not be assigned again.",
        "A client logged in before keeps its old rights: log it out, wait a minute, log it in again:",
        Command("docker logout {login_server}"),
    ),
    page=pages.ACR
    + "container-registry-faq#why-aren-t-new-user-permissions-effective-immediately-after-they-re-granted-",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
)
ABAC_LEGACY_ROLE_INEFFECTIVE = FailureMode(
    id="abac-legacy-role-ineffective",
    title="{registry} ignores AcrPull and its like",
    brief="roles that ABAC mode ignores",
    seen=(*_REFUSED, text.REFUSED_AND_NOT_FOUND),
    when=(_CAN_HOLD_ROLES, _ABAC, ROLES.where("only ones that ABAC mode ignores", _because(Standing.LEGACY))),
    occurs=Occurs.OFTEN,
    means="{registry} is in ABAC mode, which the portal calls RBAC Registry + ABAC Repository Permissions. In it"
    " AcrPull, AcrPush, AcrDelete, Reader, Contributor, Owner and custom roles like them open no repository; the"
    " Container Registry Repository roles do, and a condition can limit them to some repositories.",
    fix=(
        *ASSIGN_IN_ABAC_MODE,
        "To list repositories too, it needs Container Registry Repository Catalog Lister beside it.",
    ),
    page=_ABAC_PAGE + "#effect-on-existing-role-assignments",
)
RBAC_REPOSITORY_ROLE_INEFFECTIVE = FailureMode(
    id="rbac-repository-role-ineffective",
    title="the roles held are for ABAC mode only",
    brief="roles for ABAC mode only",
    seen=_REFUSED,
    when=(
        _CAN_HOLD_ROLES,
        ROLE_MODE.is_(RoleMode.RBAC),
        ROLES.where("only ones that count in ABAC mode", _because(Standing.LEGACY)),
    ),
    means="Container Registry Repository Reader, Writer and Contributor give rights on what repositories hold, which"
    " count in registries in ABAC mode alone (RBAC Registry + ABAC Repository Permissions in the portal). {registry} is"
    " not: there AcrPull, AcrPush and AcrDelete count, for every repository.",
    fix=ASSIGN_ROLES,
    page=_ABAC_PAGE,
)
ABAC_CATALOG_LISTER_MISSING = FailureMode(
    id="abac-catalog-lister-missing",
    title="no role for listing repositories",
    brief="no role to list repositories",
    seen=(requests.CATALOG_REFUSED,),
    when=(_CAN_HOLD_ROLES, _ABAC),
    unprovable="Only other programs ask for lists, and what they print does not tell which roles somebody holds.",
    occurs=Occurs.OFTEN,
    means="In ABAC mode (RBAC Registry + ABAC Repository Permissions in the portal) no role for repositories includes"
    " listing them all, as az acr repository list, the portal, scanners and acr purge do. A role of its own does:"
    " Container Registry Repository Catalog Lister, which takes no condition.",
    look=(SHOW_ROLE_MODE, LIST_ROLES),
    fix=(
        "Whoever may assign roles there, such as the Owner, gives it beside the others; it shows every name:",
        Command(
            'az role assignment create {assignee} --role "Container Registry Repository Catalog Lister"'
            " --scope {registry_id}"
        ),
    ),
    instead=("Whoever names the repository needs no list: acr purge --filter 'REPOSITORY:.*', for one.",),
    page=_ABAC_PAGE + "#abac-enabled-built-in-roles",
    samples=(
        (
            '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization'
            ' for more information.","detail":[{"Type":"registry","Name":"catalog","Action":"*"}]}]}'
        ),
        (
            "GET https://myacr.azurecr.io/v2/_catalog?n=100: UNAUTHORIZED: authentication required, visit"
            " https://aka.ms/acr/authorization for more information.; [map[Action:* Name:catalog Type:registry]]"
        ),
    ),
    not_emulated="A climb asks for repositories by their names, never for a list of them.",
    unlike=(
        '{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized to list catalog: unauthorized to list catalog"}]}',
        (
            "GET https://registry.example.com/v2/_catalog: UNAUTHORIZED: authentication required;"
            " [map[Action:* Class: Name:catalog Type:registry]]"
        ),
    ),
)
ABAC_CONDITION_EXCLUDES_REPO = FailureMode(
    id="abac-condition-excludes-repo",
    title="the role's condition omits {repository}",
    brief="condition on the role",
    seen=_LACKING,
    when=(
        _CAN_HOLD_ROLES,
        _ON_A_REPOSITORY,
        _ABAC,
        ROLES.where(
            "one that allows it, on a condition that leaves this repository out",
            _because(Standing.EXCLUDED, Standing.UNCLEAR),
        ),
    ),
    means="The role is assigned for some repositories only, which its condition names. A prefix such as team/ matches"
    " what lies below it, and not the repository team itself.",
    fix=(
        (
            "Whoever may assign roles there, such as the Owner, widens the condition, in the portal (Access control) or"
            " as a file; where a group holds the role, for all of its members:"
        ),
        Command(
            "az role assignment list {holder} --include-inherited --include-groups --scope {registry_id}"
            " --query \"[?condition && roleDefinitionName=='{conditional_role}'] | [0]\" > assignment.json"
        ),
        (
            "Add {repository} to the condition in that file, beside what it names: OR @Request["
            "Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'NAME'. Then:"
        ),
        Command("az role assignment update --role-assignment assignment.json"),
    ),
    page=_ABAC_PAGE + "#configure-azure-abac-repository-permissions",
)
ABAC_MODE_SWITCH_STALE_CREDENTIAL = FailureMode(
    id="abac-mode-switch-stale-credential",
    title="the mode was changed after the login",
    brief="login from before a mode change",
    seen=_REFUSED,
    when=(
        _CAN_HOLD_ROLES,
        LOGIN_MODE_KEPT.is_(False),
        LAST_CHANGE.where("within three hours, which a login lasts", lambda last: last.ago < _LOGIN_LASTS),
    ),
    occurs=Occurs.SELDOM,
    means="When the role assignment mode of a registry is changed, every login from before it ends, whatever its own"
    " date says. Logins made since then are not affected.",
    look=("Ask whoever manages the registry whether its role assignment mode was changed, and when.",),
    fix=(
        "Log in again:",
        Command("az acr login -n {login_name}"),
        (
            "On Kubernetes the login is the node's, and new pods renew nothing: whoever runs the cluster restarts the"
            " kubelet, replaces the nodes, or waits, on AKS an hour, elsewhere as the nodes are set up."
        ),
    ),
    page=_ABAC_PAGE + "#step-4-refresh-cached-credentials-on-all-clients",
)
REFRESH_TOKEN_OLDER_THAN_ROLE = FailureMode(
    id="refresh-token-older-than-role",
    title="the stored login is older than the role",
    brief="login older than the role",
    seen=_LACKING,
    when=(USER_KIND.is_(Kind.REFRESH_TOKEN), ROLE_AFTER_LOGIN.is_(True)),
    means="az acr login stores a refresh token as docker's password. For three hours it goes on saying what the"
    " identity was allowed at that login, whatever was assigned since.",
    look=("See when the login took place and when the role was assigned; the login must be younger.",),
    fix=("Log in again:", Command("az acr login -n {login_name}")),
    page=pages.ACR
    + "container-registry-faq#why-aren-t-new-user-permissions-effective-immediately-after-they-re-granted-",
)
CUSTOM_ROLE_WILDCARD = FailureMode(
    id="custom-role-wildcard",
    title="{custom_role} uses a wildcard, which is ignored",
    brief="wildcard in a custom role",
    seen=_REFUSED,
    when=(_CAN_HOLD_ROLES, ROLES.where("a custom one that allows it by a wildcard only", _because(Standing.WILDCARD))),
    occurs=Occurs.SELDOM,
    means="{custom_role} allows this by a wildcard only. Unless the tenant reaches Azure's management over a private"
    " link, a registry honours what is listed word for word, and no wildcard such as registries/*/read.",
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
    title="a deny assignment forbids this, whatever the roles",
    brief="deny assignment",
    seen=(*_REFUSED, text.REFUSED_AND_NOT_FOUND),
    when=(_CAN_HOLD_ROLES, _DENIED),
    not_when=(_OF_ANOTHER_TENANT,),
    occurs=Occurs.SELDOM,
    means="A deny assignment overrides every role. Managed applications and deployment stacks create them, to keep"
    " others from what they made. Whoever has no role needs one beside.",
    look=(
        Command(
            "az rest --method get --url {registry_id}/providers/Microsoft.Authorization/denyAssignments"
            ' --uri-parameters api-version=2022-04-01 --query "value[].properties"'
        ),
    ),
    fix=("Ask whoever placed it, as its description says, to exempt this identity. No role helps.",),
    page="https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
)
