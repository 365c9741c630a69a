"""Family ``access``: what may be done on a repository: rights too small or too large, scope maps, the image itself."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.climb import USER_KIND, access_token_of
from pytest_acrauth.catalogue.questions.records import MapState
from pytest_acrauth.catalogue.questions.verdicts import possible, proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.symptoms import access_token, challenge, operation
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import Need


def _granted(broken: Break) -> tuple[str, ...] | None:
    token = access_token_of(broken)
    return token.granted if token else None


def _map_state(broken: Break) -> MapState | None:
    look = broken.transcript.evidence.scope_map
    if look is None or look.value is None or broken.access is None:
        return None
    return MapState(look.value, broken.access.reference.repository, facts.scope_map_actions(facts.wanted(broken)))


def _quarantine(broken: Break) -> str | None:
    return record.quarantine or None if (record := registry_record(broken)) else None


GRANTED: Question[tuple[str, ...]] = Question(
    id="granted",
    asks="Which of the actions asked for does the access token grant?",
    by_hand="Decode the access token's middle part and read access[].actions.",
    read=_granted,
)
SCOPE_MAP: Question[MapState] = Question(
    id="scope-map",
    asks="What does the scope map allow?",
    by_hand=Command("az acr scope-map list -r {registry} -o table"),
    needs=Need.SCOPE_MAP,
    read=_map_state,
)
IMAGE: Question[str] = Question(
    id="image",
    asks="Which tags does the repository have?",
    by_hand=Command("az acr repository show-tags -n {registry} --repository {repository}"),
)
QUARANTINE: Question[str] = Question(
    id="quarantine",
    asks="Does the registry quarantine images that were pushed?",
    by_hand=Command("az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv"),
    needs=Need.REGISTRY,
    read=_quarantine,
)

PERMISSION_EXCESS = FailureMode(
    id="permission-excess",
    title="the identity may {excess} on {repository}, which it must not",
    seen=(access_token.RIGHTS_EXCESS,),
    means="The issued access token grants more than --acr-must-not allows. A role, a scope map or the admin user"
    " gives the identity more than its job needs.",
    fix=(
        Command(
            "az role assignment list --assignee {client_id} --include-inherited --include-groups --scope $(az acr"
            " show -n {registry} --query id -o tsv) -o table"
        ),
        "Replace the role or the scope map by a smaller one; instead of the admin user, use an identity of its own.",
    ),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview",
)

_SCOPE_MAP_PAGE = pages.ACR + "container-registry-token-based-repository-permissions"


def _by_scope_map(answers: Answers) -> Verdict:
    return answers[USER_KIND].holds(lambda kind: kind is Kind.SCOPE_MAP_TOKEN)


SCOPE_MAP_LACKS_ACTION = FailureMode(
    id="scope-map-lacks-action",
    title="the scope map of {user_name} does not list {wanted} for {repository}",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    asks=(USER_KIND, SCOPE_MAP),
    proof=lambda a: proven(_by_scope_map(a), a[SCOPE_MAP].holds(lambda found: found.lacks)),
    means="Pulling needs content/read, pushing content/write beside it, deleting content/delete; the metadata"
    " actions are listed apart.",
    fix=(
        Command(
            "az acr scope-map update -n <scope map> -r {registry} --add-repository {repository} {scope_map_actions}"
        ),
        "The change counts at once; the password stays.",
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
SCOPE_MAP_LACKS_REPOSITORY = FailureMode(
    id="scope-map-lacks-repository",
    title="the scope map of {user_name} does not contain {repository} at all",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    asks=(USER_KIND, GRANTED, SCOPE_MAP),
    proof=lambda a: proven(
        _by_scope_map(a),
        a[GRANTED].holds(lambda granted: not granted) if a[GRANTED].value is not None else Verdict.YES,
        a[SCOPE_MAP].holds(lambda found: not found.empty and not found.here),
    ),
    means="A scope map names its repositories; a wildcard counts at the end of a name only, as in team/*.",
    fix=(
        Command(
            "az acr scope-map update -n <scope map> -r {registry} --add-repository {repository} {scope_map_actions}"
        ),
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
SCOPE_MAP_MISSING = FailureMode(
    id="scope-map-missing",
    title="the scope map of {user_name} was deleted or is empty",
    seen=(access_token.RIGHTS_MISSING,),
    asks=(USER_KIND, GRANTED, SCOPE_MAP),
    proof=lambda a: proven(
        _by_scope_map(a),
        a[GRANTED].holds(lambda granted: not granted) if a[GRANTED].value is not None else Verdict.YES,
        a[SCOPE_MAP].holds(lambda found: found.empty),
    ),
    means="The token and its password are still good, and nothing says any more what they allow.",
    fix=(Command("az acr token update -n {user_name} -r {registry} --scope-map <scope map>"),),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
IMAGE_NOT_FOUND = FailureMode(
    id="image-not-found",
    title="{repository} has no {version} in {login_server}",
    seen=(operation.MANIFEST_UNKNOWN,),
    asks=(IMAGE,),
    means="The identity may pull, and there is nothing of that name: it is mistyped, was deleted or purged, was"
    " never pushed, or is in another registry.",
    fix=(
        Command("az acr repository show-tags -n {registry} --repository {repository}"),
        "Correct the reference, or push the image first. Names are written in small letters.",
    ),
    page=pages.ACR + "container-registry-faq",
)
QUARANTINED_IMAGE = FailureMode(
    id="quarantined-image",
    title="{repository}, {version} may be in quarantine",
    seen=(operation.MANIFEST_UNKNOWN, operation.OPERATION_REFUSED),
    asks=(QUARANTINE,),
    proof=lambda a: possible(a[QUARANTINE].holds(lambda status: status == "enabled")),
    means="A registry can hold back pushed images until a scanner approves them; until then only the quarantine"
    " roles see them.",
    fix=(
        Command("az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv"),
        "Approve the image, or let the scanner's identity read it with the role AcrQuarantineReader.",
    ),
    page=pages.ACR + "container-registry-faq",
)
OPERATION_DISALLOWED = FailureMode(
    id="operation-disallowed",
    title="{registry} disallows this on {repository}, whoever asks",
    seen=(operation.DISALLOWED,),
    means="The identity has the right. The image or the repository is locked, or the registry is: a storage"
    " limit, a quarantine policy, a tier that was retired.",
    fix=(
        Command("az acr repository show -n {registry} --repository {repository} --query changeableAttributes"),
        Command("az acr repository update -n {registry} --repository {repository} --read-enabled true"),
        Command("az acr show-usage -n {registry}"),
    ),
    page=pages.ACR + "container-registry-faq",
)
REGISTRY_THROTTLED = FailureMode(
    id="registry-throttled",
    title="{login_server} limits the rate of requests, and the limit is reached",
    seen=(challenge.THROTTLED,),
    means="Reads, writes and deletions have allowances per minute, for the registry and for each identity. All"
    " anonymous callers share one.",
    fix=(
        "Wait {retry_after} seconds, then check again.",
        "Spread the load over time or over identities; the Premium tier has twice the allowance.",
    ),
    page=pages.ACR + "container-registry-skus",
    transient=True,
)
