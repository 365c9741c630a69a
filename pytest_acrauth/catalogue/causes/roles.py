"""Family ``roles``: role assignments that are too small, not yet or no longer in effect, or do not count."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import RoleMode, role_mode
from pytest_acrauth.catalogue.questions.climb import FRESH, USER_KIND, access_token_of
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.questions.verdicts import possible, proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.steps import ASSIGN_ROLES
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


def _accepted(broken: Break) -> bool:
    transcript = broken.transcript
    token = access_token_of(broken)
    return bool((transcript.exchange and transcript.exchange.ok) or (token and token.issued))


SCOPE: Question[str] = Question(
    id="scope",
    asks="Which scope was asked for?",
    by_hand="Name a repository with --acr-repository.",
    read=_scope,
)
GRANTS_ASKED: Question[bool] = Question(
    id="grants-asked",
    asks="Does the access token grant what was asked, in its own words and in the registry's?",
    by_hand="Decode the access token's middle part and read access[].actions.",
    read=_grants_asked,
)
ACCEPTED: Question[bool] = Question(
    id="identity-accepted",
    asks="Did the registry take the identity in, before it was asked for this?",
    by_hand="Compare the stages that passed.",
    read=_accepted,
)
ROLE_MODE: Question[RoleMode] = Question(
    id="role-mode",
    asks="Which role assignment mode is the registry in?",
    by_hand=Command("az acr show -n {registry} --query roleAssignmentMode -o tsv"),
    needs=Need.REGISTRY,
    read=role_mode,
)

# Whoever a role can be assigned to, itself or behind a token; a stored login keeps it to itself.
_ASSIGNABLE = {Kind.SERVICE_PRINCIPAL, Kind.MANAGED_IDENTITY, Kind.USER, Kind.REFRESH_TOKEN}
_REFUSED = (
    exchange.EXCHANGE_REFUSED,
    exchange.BARE_403,
    access_token.BASIC_REFUSED,
    access_token.NOTHING_GRANTED,
    operation.OPERATION_REFUSED,
)


def _has_roles(answers: Answers) -> Verdict:
    return answers[USER_KIND].holds(lambda kind: kind in _ASSIGNABLE)


def _is_abac(answers: Answers) -> Verdict:
    return answers[ROLE_MODE].holds(lambda mode: mode is RoleMode.ABAC)


def _excluded(answers: Answers) -> Verdict:
    rights = answers[ROLES].value
    if rights is not None and rights.unclear:
        return Verdict.UNKNOWN
    return answers[ROLES].holds(lambda rights: rights.excluded)


def _denied(answers: Answers) -> Verdict:
    """Judge a deny assignment: it explains nothing where the roles are too small anyway."""
    rights = answers[ROLES].value
    if rights is None or (rights.enough and rights.denied is None):
        return Verdict.UNKNOWN
    return Verdict.YES if rights.enough and rights.denied else Verdict.NO


SCOPE_NOT_GRANTED = FailureMode(
    id="scope-not-granted",
    title="{wanted} on {repository} is not granted to this identity",
    seen=(
        access_token.RIGHTS_MISSING,
        access_token.NOTHING_GRANTED,
        operation.OPERATION_REFUSED,
        access_token.BASIC_REFUSED,
    ),
    asks=(USER_KIND, SCOPE, GRANTS_ASKED, ACCEPTED, ROLES),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind not in {Kind.SCOPE_MAP_TOKEN, Kind.ADMIN}),
        a[SCOPE].holds(bool),
        # Of a refused token nothing is known that it grants.
        Verdict.NO if a[GRANTS_ASKED].value else Verdict.YES,
        a[ROLES].holds(lambda rights: rights.short and bool(rights.granted or a[ACCEPTED].value)),
    ),
    means="The registry grants exactly what the identity's roles allow: AcrPull pulls, AcrPush pulls and pushes,"
    " AcrDelete deletes and does neither. A role assigned minutes ago may not count yet.",
    fix=ASSIGN_ROLES,
    instead=("Where more is asked for than the job needs, ask for less with --acr-must.",),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
)
ROLE_PROPAGATION_DELAY = FailureMode(
    id="role-propagation-delay",
    title="a role assigned in the last minutes may not be in effect yet",
    seen=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: proven(_has_roles(a), a[ROLES].holds(lambda rights: rights.on_its_way)),
    means="The registry's token servers keep what they know of an identity for up to ten minutes.",
    fix=("Wait ten minutes after the assignment, then check again.",),
    page=pages.ACR + "container-registry-faq",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
)
ABAC_LEGACY_ROLE_INEFFECTIVE = FailureMode(
    id="abac-legacy-role-ineffective",
    title="{registry} assigns roles per repository and ignores AcrPull and its like",
    seen=(*_REFUSED, access_token.RIGHTS_MISSING),
    asks=(USER_KIND, ROLE_MODE, ROLES),
    proof=lambda a: proven(_has_roles(a), _is_abac(a), a[ROLES].holds(lambda rights: rights.legacy)),
    means="In this mode AcrPull, AcrPush, AcrDelete, Reader, Contributor and Owner open no repository.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-rbac-abac-repository-permissions",
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
    asks=(USER_KIND, SCOPE, ROLE_MODE, ROLES),
    proof=lambda a: proven(_has_roles(a), a[SCOPE].holds(bool), _is_abac(a), _excluded(a)),
    means="The role is assigned for some repositories only. A prefix such as team/ matches what lies below it,"
    " and not the repository team itself.",
    fix=(
        Command(
            "az role assignment list --assignee {client_id} --include-inherited --query [].condition --scope $(az"
            " acr show -n {registry} --query id -o tsv)"
        ),
        "Widen the condition so that it matches {repository}.",
    ),
    page=pages.ACR + "container-registry-rbac-abac-repository-permissions",
)
ABAC_MODE_SWITCH_STALE_CREDENTIAL = FailureMode(
    id="abac-mode-switch-stale-credential",
    title="the credential is older than the last change of {registry}'s role assignment mode",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403, access_token.BASIC_REFUSED, operation.OPERATION_REFUSED),
    asks=(USER_KIND, FRESH, ROLE_MODE),
    proof=lambda a: possible(_has_roles(a), a[FRESH].holds(lambda fresh: not fresh)),
    means="Changing the mode ends every credential issued before, whatever its own date says.",
    fix=(Command("az acr login -n {registry}"),),
    page=pages.ACR + "container-registry-rbac-abac-repository-permissions",
)
CUSTOM_ROLE_WILDCARD = FailureMode(
    id="custom-role-wildcard",
    title="a custom role may name its actions with a wildcard that does not count",
    seen=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: proven(_has_roles(a), a[ROLES].holds(lambda rights: rights.by_wildcard)),
    means="In most tenants the registry honours the actions that a custom role lists one by one, and no wildcard.",
    fix=("List Microsoft.ContainerRegistry/registries/pull/read and the others one by one in the role.",),
    page=pages.ACR + "container-registry-rbac-custom-roles",
)
DENY_ASSIGNMENT = FailureMode(
    id="deny-assignment",
    title="a deny assignment may take away what a role gives",
    seen=_REFUSED,
    asks=(USER_KIND, ROLES),
    proof=lambda a: proven(_has_roles(a), _denied(a)),
    means="Managed applications and deployment stacks place them, and they win over every role.",
    fix=("Look at Deny assignments in the registry's Access control (IAM), and ask whoever placed them.",),
    page="https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
)
