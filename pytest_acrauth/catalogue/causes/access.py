"""Family ``access``: what may be done on a repository: rights too small or too large, scope maps, the image itself."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.causes.exchange import generic_401
from pytest_acrauth.catalogue.questions.climb import GRANTED, USER_KIND, possible, proven
from pytest_acrauth.catalogue.questions.management import IMAGE, QUARANTINE, SCOPE_MAP
from pytest_acrauth.catalogue.shape import Answers, Break, FailureMode, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry, not_elsewhere
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.observation import AccessToken, Data, Operation
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Flow

_UNKNOWN_CODES = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TAG_UNKNOWN"}
_PLAIN_404 = re.compile(r"404 page not found", re.IGNORECASE)
_DISALLOWED = re.compile(r"operation is disallowed", re.IGNORECASE)


def _token(broken: Break) -> AccessToken | None:
    return broken.observation if isinstance(broken.observation, AccessToken) else None


def _rights_missing(broken: Break) -> bool:
    token = _token(broken)
    return token is not None and token.granted is not None and bool(token.missing)


def _nothing_granted(broken: Break) -> bool:
    token = _token(broken)
    asked = token is not None and bool(token.scope) and broken.transcript.target.identity.flow is Flow.ENTRA
    return asked and generic_401(facts.reply(broken))


def _disallowed(broken: Break) -> bool:
    observation, reply = broken.observation, facts.reply(broken)
    if reply is None or reply.status == 429 or reply.status >= 500 or not facts.registry_spoke(reply):
        return False
    if isinstance(observation, Data) and observation.redirect:  # storage answered, in words of its own
        return False
    return bool(_DISALLOWED.search(reply.words))


def _operation_refused(broken: Break) -> bool:
    observation, reply = broken.observation, facts.reply(broken)
    if reply is None or (isinstance(observation, Data) and observation.redirect):
        return False
    if facts.firewall_spoke(broken) or _disallowed(broken):
        return False
    return generic_401(reply) or (reply.status == 403 and reply.code == "DENIED")


def _unknown(broken: Break) -> bool:
    reply = facts.reply(broken)
    if not isinstance(broken.observation, Operation) or reply is None or reply.status != 404:
        return False
    return reply.code in _UNKNOWN_CODES or bool(_PLAIN_404.search(reply.body))


def _throttled(broken: Break) -> bool:
    observation, reply = broken.observation, facts.reply(broken)
    elsewhere = isinstance(observation, Data) and bool(observation.redirect)
    return reply is not None and reply.status == 429 and not elsewhere


RIGHTS_MISSING = Symptom(
    id="rights-missing",
    stages=(Stage.ACCESS_TOKEN,),
    when=_rights_missing,
    says="The access token for {repository} grants {granted} and lacks {missing}.",
    texts=anywhere(
        r"You are lacking .{1,120}? repository permissions",
    ),
)
RIGHTS_EXCESS = Symptom(
    id="rights-excess",
    stages=(Stage.ACCESS_TOKEN,),
    when=lambda broken: (token := _token(broken)) is not None and token.issued and bool(token.excess),
    says="The access token for {repository} grants {granted}; {excess} must not be among them.",
    texts=(),
)
NOTHING_GRANTED = Symptom(
    id="nothing-granted",
    stages=(Stage.ACCESS_TOKEN,),
    when=_nothing_granted,
    says="The exchange passed, and {login_server} gave no access token for {repository}.",
    texts=(),
)
OPERATION_REFUSED = Symptom(
    id="operation-refused",
    stages=(Stage.OPERATION, Stage.DATA),
    when=_operation_refused,
    says="An access token for {repository} was issued, and the {stage} request with it refused.",
    texts=not_elsewhere(r"insufficient_scope")
    + at_registry(
        r"requested access to the resource is denied",
        r"denied: access forbidden",
    ),
)
MANIFEST_UNKNOWN = Symptom(
    id="manifest-unknown",
    stages=(Stage.OPERATION,),
    when=_unknown,
    says="{login_server} shows this identity no {repository}, {version}.",
    texts=not_elsewhere(
        r"\bMANIFEST_UNKNOWN\b",
        r"manifest tagged by \"?(?P<version>[\w.-]{1,128})\"? is not found",
        r"manifest for [^ /]{0,253}[.:<>][^ /]{0,253}/[^ ]{1,400} not found",
        r"\b(?:NAME_UNKNOWN|TAG_UNKNOWN)\b|repository name not known to registry",
        r"the specified tag does not exist",
    )
    + at_registry(
        r"manifest unknown",
        r"azurecr\.[\w.-]{2,30}/[\w./-]{1,255}(?::[\w.-]{1,128}|@sha256:\w{1,64})\"?: not found",
        r"repository \"?[\w./-]{1,255}\"? is not found",
    ),
)
DISALLOWED = Symptom(
    id="disallowed",
    stages=(Stage.OPERATION, Stage.DATA),
    when=_disallowed,
    says="{login_server} disallows the {stage} request on {repository}.",
    texts=anywhere(r"[Tt]he operation is disallowed on this registry, repository or image"),
)
THROTTLED = Symptom(
    id="requests-throttled",
    stages=(Stage.CHALLENGE, Stage.OPERATION, Stage.DATA),
    when=_throttled,
    says="{login_server} has too many requests to serve ({answer}); it asks to wait {retry_after} s.",
    texts=at_registry(
        r"\b429 Too Many Requests|status.{0,20}?\b429\b",
    ),
)

PERMISSION_EXCESS = FailureMode(
    id="permission-excess",
    family="access",
    shows=(RIGHTS_EXCESS,),
    questions=(),
    proof=None,
    title="the identity may {excess} on {repository}, which it must not",
    meaning="The issued access token grants more than --acr-must-not allows. A role, a scope map or the admin user"
    " gives the identity more than its job needs.",
    remedies=(
        (
            "az role assignment list --assignee {client_id} --include-inherited --include-groups"
            " --scope $(az acr show -n {registry} --query id -o tsv) -o table"
        ),
        "Replace the role or the scope map by a smaller one; instead of the admin user, use an identity of its own.",
    ),
    link=pages.ACR + "container-registry-rbac-built-in-roles-overview",
    az_code=None,
    transient=False,
    since="0.1",
)

_SCOPE_MAP_PAGE = pages.ACR + "container-registry-token-based-repository-permissions"


def _by_scope_map(answers: Answers) -> Verdict:
    return answers[USER_KIND].holds(lambda kind: kind is Kind.SCOPE_MAP_TOKEN)


SCOPE_MAP_LACKS_ACTION = FailureMode(
    id="scope-map-lacks-action",
    family="access",
    shows=(RIGHTS_MISSING, OPERATION_REFUSED),
    questions=(USER_KIND, SCOPE_MAP),
    proof=lambda a: proven(_by_scope_map(a), a[SCOPE_MAP].holds(lambda found: found.lacks)),
    title="the scope map of {user_name} does not list {wanted} for {repository}",
    meaning="Pulling needs content/read, pushing content/write beside it, deleting content/delete; the metadata"
    " actions are listed apart.",
    remedies=(
        "az acr scope-map update -n <scope map> -r {registry} --add-repository {repository} {scope_map_actions}",
        "The change counts at once; the password stays.",
    ),
    link=_SCOPE_MAP_PAGE,
    az_code=None,
    transient=False,
    since="0.1",
)
SCOPE_MAP_LACKS_REPOSITORY = FailureMode(
    id="scope-map-lacks-repository",
    family="access",
    shows=(RIGHTS_MISSING, OPERATION_REFUSED),
    questions=(USER_KIND, GRANTED, SCOPE_MAP),
    proof=lambda a: proven(
        _by_scope_map(a),
        a[GRANTED].holds(lambda granted: not granted) if a[GRANTED].value is not None else Verdict.YES,
        a[SCOPE_MAP].holds(lambda found: not found.empty and not found.here),
    ),
    title="the scope map of {user_name} does not contain {repository} at all",
    meaning="A scope map names its repositories; a wildcard counts at the end of a name only, as in team/*.",
    remedies=(
        "az acr scope-map update -n <scope map> -r {registry} --add-repository {repository} {scope_map_actions}",
    ),
    link=_SCOPE_MAP_PAGE,
    az_code=None,
    transient=False,
    since="0.1",
)
SCOPE_MAP_MISSING = FailureMode(
    id="scope-map-missing",
    family="access",
    shows=(RIGHTS_MISSING,),
    questions=(USER_KIND, GRANTED, SCOPE_MAP),
    proof=lambda a: proven(
        _by_scope_map(a),
        a[GRANTED].holds(lambda granted: not granted) if a[GRANTED].value is not None else Verdict.YES,
        a[SCOPE_MAP].holds(lambda found: found.empty),
    ),
    title="the scope map of {user_name} was deleted or is empty",
    meaning="The token and its password are still good, and nothing says any more what they allow.",
    remedies=("az acr token update -n {user_name} -r {registry} --scope-map <scope map>",),
    link=_SCOPE_MAP_PAGE,
    az_code=None,
    transient=False,
    since="0.1",
)
IMAGE_NOT_FOUND = FailureMode(
    id="image-not-found",
    family="access",
    shows=(MANIFEST_UNKNOWN,),
    questions=(IMAGE,),
    proof=None,
    title="{repository} has no {version} in {login_server}",
    meaning="The identity may pull, and there is nothing of that name: it is mistyped, was deleted or purged, was"
    " never pushed, or is in another registry.",
    remedies=(
        "az acr repository show-tags -n {registry} --repository {repository}",
        "Correct the reference, or push the image first. Names are written in small letters.",
    ),
    link=pages.ACR + "container-registry-faq",
    az_code=None,
    transient=False,
    since="0.1",
)
QUARANTINED_IMAGE = FailureMode(
    id="quarantined-image",
    family="access",
    shows=(MANIFEST_UNKNOWN, OPERATION_REFUSED),
    questions=(QUARANTINE,),
    proof=lambda a: possible(a[QUARANTINE].holds(lambda status: status == "enabled")),
    title="{repository}, {version} may be in quarantine",
    meaning="A registry can hold back pushed images until a scanner approves them; until then only the quarantine"
    " roles see them.",
    remedies=(
        "az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv",
        "Approve the image, or let the scanner's identity read it with the role AcrQuarantineReader.",
    ),
    link=pages.ACR + "container-registry-faq",
    az_code=None,
    transient=False,
    since="0.1",
)
OPERATION_DISALLOWED = FailureMode(
    id="operation-disallowed",
    family="access",
    shows=(DISALLOWED,),
    questions=(),
    proof=None,
    title="{registry} disallows this on {repository}, whoever asks",
    meaning="The identity has the right. The image or the repository is locked, or the registry is: a storage limit, a"
    " quarantine policy, a tier that was retired.",
    remedies=(
        "az acr repository show -n {registry} --repository {repository} --query changeableAttributes",
        "az acr repository update -n {registry} --repository {repository} --read-enabled true",
        "az acr show-usage -n {registry}",
    ),
    link=pages.ACR + "container-registry-faq",
    az_code=None,
    transient=False,
    since="0.1",
)
REGISTRY_THROTTLED = FailureMode(
    id="registry-throttled",
    family="access",
    shows=(THROTTLED,),
    questions=(),
    proof=None,
    title="{login_server} limits the rate of requests, and the limit is reached",
    meaning="Reads, writes and deletions have allowances per minute, for the registry and for each identity. All"
    " anonymous callers share one.",
    remedies=(
        "Wait {retry_after} seconds, then check again.",
        "Spread the load over time or over identities; the Premium tier has twice the allowance.",
    ),
    link=pages.ACR + "container-registry-skus",
    az_code=None,
    transient=True,
    since="0.1",
)
