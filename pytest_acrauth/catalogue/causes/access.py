"""Family ``access``: what may be done on a repository, roles apart: scope maps, anonymous pull, the image itself."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.cache import CACHE
from pytest_acrauth.catalogue.questions.climb import REFUSED_BY_REGISTRY, USER_KIND, access_token_of
from pytest_acrauth.catalogue.questions.management import ANONYMOUS_PULL, LAST_CHANGE, ROLES
from pytest_acrauth.catalogue.questions.records import MapState
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Instruction, Occurs, Question
from pytest_acrauth.catalogue.steps import LIST_ROLES
from pytest_acrauth.catalogue.symptoms import access_token, challenge, operation, requests
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import Need


def _granted(broken: Break) -> tuple[str, ...] | None:
    token = access_token_of(broken)
    return token.granted if token else None


def _map_state(broken: Break) -> MapState | None:
    look = broken.transcript.evidence.scope_map
    if look is None or look.value is None or broken.access is None:
        return None
    wanted, name = facts.scope_map_actions(facts.wanted(broken)), broken.access.reference.repository
    return MapState(look.value, name, wanted, facts.service_time(broken.transcript), bool(_granted(broken)))


def _quarantine(broken: Break) -> str | None:
    return record.quarantine or None if (record := registry_record(broken)) else None


GRANTED: Question[tuple[str, ...]] = Question(
    id="granted",
    asks="Which of the actions asked for does the access token grant?",
    shows="granted actions",
    by_hand="Decode the access token's middle part on this machine, and read access[].actions.",
    read=_granted,
)
SCOPE_MAP: Question[MapState] = Question(
    id="scope-map",
    asks="What does the scope map allow?",
    shows="scope map",
    by_hand=Command("az acr scope-map show -n {scope_map} -r {registry} --query actions"),
    needs=Need.SCOPE_MAP,
    compares=True,
    read=_map_state,
)
QUARANTINE: Question[str] = Question(
    id="quarantine",
    asks="Does the registry quarantine images that were pushed?",
    shows="quarantine policy",
    by_hand=Command("az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv"),
    needs=Need.REGISTRY,
    read=_quarantine,
)
SHORT_REFUSAL: Question[bool] = Question(
    id="disallowed-in-short",
    asks="Does the registry say no more than that the operation is disallowed?",
    shows="disallowed without a reason",
    by_hand="Pull by digest: by tag an image in quarantine is not found, by digest the operation is disallowed.",
    read=lambda broken: operation.DISALLOWED_IN_SHORT.when(broken) or None,
)
WANTED: Question[tuple[str, ...]] = Question(
    id="wanted-actions",
    asks="Which actions are wanted?",
    shows="wanted actions",
    by_hand="Compare what the job was meant to do (--acr-must, a readiness file, a test).",
    read=facts.wanted,
)

_PULLING = {"pull", "metadata_read"}
_PULLING_TOO = WANTED.where("pulling among them", lambda found: bool(_PULLING & set(found)))
_ANONYMOUS = USER_KIND.is_(Kind.ANONYMOUS)
_OF_A_SCOPE_MAP = USER_KIND.is_(Kind.SCOPE_MAP_TOKEN)
_GRANTS_SOMETHING = GRANTED.where("some", bool)
_ANONYMOUS_PAGE = pages.ACR + "anonymous-pull-access"
# No time is documented; for network rules it is "a few minutes".
_SETTINGS_TRAVEL = 15 * 60
_SCOPE_MAP_PAGE = pages.ACR + "container-registry-token-based-repository-permissions"
#: What a scope map is, for whoever meets one.
_MEANS = "A scope map lists what a scope-map token may do on which repositories."
_WIDEN: tuple[Instruction, ...] = (
    "Whoever manages the registry's scope maps adds it, for every scope-map token with this map:",
    Command("az acr scope-map update -n {scope_map} -r {registry} --add-repository {repository} {scope_map_actions}"),
    "A map whose name begins with _repositories_ is Azure's own, and stays: make another instead.",
)
_MAP_OF_ITS_OWN: tuple[Instruction, ...] = (
    (
        "If others with this map must not get it, make one for this scope-map token alone. It replaces the map that"
        " it has, so list everything that it needs:"
    ),
    Command("az acr scope-map create -n NEW_SCOPE_MAP -r {registry} --repository {repository} {scope_map_actions}"),
    Command("az acr token update -n {user_name} -r {registry} --scope-map NEW_SCOPE_MAP"),
)

PERMISSION_EXCESS = FailureMode(
    id="permission-excess",
    title="too many rights: {excess} on {repository}",
    brief="more rights than wanted",
    seen=(access_token.RIGHTS_EXCESS,),
    signs=(access_token.RIGHTS_EXCESS,),
    certain="The access token itself lists it among its actions on the repository.",
    tells=(ROLES, SCOPE_MAP),
    means="The identity can do more on {repository} than --acr-must-not, a readiness file or a test allows.",
    look=(Command(LIST_ROLES.text, each="assignee"),),
    fix=(
        Given(
            "Whoever may assign roles gives it a smaller role, then takes away each larger one: from all members if a"
            " group holds it, and elsewhere, too, if it is assigned above the registry.",
            "assignee",
        ),
        "A scope-map token gets a scope map that lists less; change none that others have, too.",
        "If everybody has it, by anonymous pull, the registry's owner can switch that off, for all.",
        "Instead of the admin user, whose rights nobody can lessen, use an identity of its own.",
    ),
    instead=("If the job does need {excess}, take it out of --acr-must-not, the readiness file or the test.",),
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#recommended-built-in-roles-by-scenario",
)
ANONYMOUS_PULL_DISABLED = FailureMode(
    id="anonymous-pull-disabled",
    title="{registry} does not allow anonymous pull",
    brief="no anonymous pull",
    seen=(access_token.ANONYMOUS_REFUSED,),
    when=(ANONYMOUS_PULL.is_(False), _PULLING_TOO),
    occurs=Occurs.OFTEN,
    means="A registry lets nobody pull without a login unless its owner opened all of its repositories to everybody."
    " The Basic tier cannot.",
    fix=("Log in: choose an identity with --acr-auth.",),
    page=_ANONYMOUS_PAGE,
    unlike=("unauthorized: authentication required (https://ghcr.io/v2/)",),
)
ANONYMOUS_PULL_ONLY = FailureMode(
    id="anonymous-pull-only",
    title="without a login, pulling is all that is possible",
    brief="more than anonymous pull",
    seen=(access_token.ANONYMOUS_REFUSED, access_token.RIGHTS_MISSING),
    when=(_ANONYMOUS, WANTED.where("more than pulling", lambda found: bool(set(found) - _PULLING))),
    means="A registry that allows anonymous pull lets everybody read its images. Whoever wants more must log in,"
    " as an identity that has the right to; nobody can give it to a caller without a name.",
    fix=("Log in: choose an identity that may do it with --acr-auth.",),
    instead=(
        "If the job only pulls, ask for no more (--acr-must, a readiness file or the test).",
        "The registry has to allow anonymous pull.",
    ),
    page=_ANONYMOUS_PAGE,
)
ANONYMOUS_PULL_PROPAGATING = FailureMode(
    id="anonymous-pull-propagating",
    title="anonymous pull was allowed only minutes ago",
    brief="anonymous pull allowed minutes ago",
    seen=(access_token.ANONYMOUS_REFUSED,),
    when=(
        ANONYMOUS_PULL.is_(True),
        LAST_CHANGE.where("within the last quarter of an hour", lambda last: last.ago < _SETTINGS_TRAVEL),
        _PULLING_TOO,
    ),
    unprovable="The record tells when it was last changed, and not that anonymous pull was what changed.",
    occurs=Occurs.SELDOM,
    means="{registry} allows anonymous pull now. How long a registry's servers take to follow such a change, no page"
    " says; for its network rules it is a few minutes.",
    fix=("Wait a few minutes, then check again. It need not be switched on again.",),
    page=_ANONYMOUS_PAGE,
    transient=True,
)
SCOPE_MAP_LACKS_ACTION = FailureMode(
    id="scope-map-lacks-action",
    title="the scope map does not allow {wanted}",
    brief="action not in the scope map",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    when=(_OF_A_SCOPE_MAP, SCOPE_MAP.where("not all of this, of what is or was allowed on it", lambda it: it.lacks)),
    means=f"{_MEANS} This one does not allow {{wanted}} on {{repository}}. Pulling needs content/read, pushing"
    " content/write beside it, deleting content/delete; reading and writing metadata, such as lists of tags, are"
    " actions of their own.",
    fix=_WIDEN,
    instead=_MAP_OF_ITS_OWN,
    page=_SCOPE_MAP_PAGE + "#update-token-permissions",
)
SCOPE_MAP_LACKS_REPOSITORY = FailureMode(
    id="scope-map-lacks-repository",
    title="the scope map does not name {repository}",
    brief="repository not in the scope map",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    when=(_OF_A_SCOPE_MAP, SCOPE_MAP.where("other repositories only", lambda it: not it.empty and not it.here)),
    not_when=(_GRANTS_SOMETHING,),
    means=f"{_MEANS} This one names others. A wildcard counts at the end of a name only, as in team/*, or alone.",
    fix=_WIDEN,
    instead=_MAP_OF_ITS_OWN,
    page=_SCOPE_MAP_PAGE + "#update-token-permissions",
)
SCOPE_MAP_MISSING = FailureMode(
    id="scope-map-missing",
    title="the scope-map token's map was deleted or is empty",
    brief="deleted or empty scope map",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    when=(_OF_A_SCOPE_MAP, SCOPE_MAP.where("nothing: it is not there, or is empty", lambda it: it.empty)),
    not_when=(_GRANTS_SOMETHING,),
    means=f"{_MEANS} {{user_name}} and its password are still good, and nothing says any more what they allow.",
    look=(Command("az acr scope-map list -r {registry} -o table"),),
    fix=(
        (
            "Whoever manages the registry's scope-map tokens gives this one a map that allows what it needs, and no"
            " more; its password stays:"
        ),
        Command("az acr token update -n {user_name} -r {registry} --scope-map NEW_SCOPE_MAP"),
    ),
    instead=(
        "If no map fits, make one first:",
        Command("az acr scope-map create -n NEW_SCOPE_MAP -r {registry} --repository {repository} {scope_map_actions}"),
    ),
    page=_SCOPE_MAP_PAGE + "#update-token-with-new-scope-map",
)
SCOPE_MAP_PROPAGATING = FailureMode(
    id="scope-map-propagating",
    title="the scope map was changed minutes ago",
    brief="scope map changed minutes ago",
    seen=(access_token.RIGHTS_MISSING, operation.OPERATION_REFUSED),
    when=(
        _OF_A_SCOPE_MAP,
        SCOPE_MAP.where("all of this, and it was changed in the last ten minutes", lambda it: it.just_enough),
    ),
    unprovable="By its documentation a changed map counts at once; that it was changed lately proves nothing.",
    occurs=Occurs.SELDOM,
    means=f"{_MEANS} This one allows {{wanted}} on {{repository}}, and was changed within the last ten minutes. That"
    " counts at once by the documentation, for access tokens that are issued from then on; an older one goes on as it"
    " was issued. What else refuses is not known here.",
    fix=(
        "Check again, with a new access token. Map and password can stay as they are.",
        "If it is refused again, open a support case with {correlation_id}, and quote the map's change.",
    ),
    page=_SCOPE_MAP_PAGE + "#update-token-permissions",
    transient=True,
)
SCOPE_MAP_NO_CATALOG = FailureMode(
    id="scope-map-no-catalog",
    title="a scope-map token cannot list repositories",
    brief="scope-map token asked for a list",
    seen=(requests.CATALOG_REFUSED,),
    when=(_OF_A_SCOPE_MAP,),
    means=f"{_MEANS} None of these actions lists the registry's repositories, whatever the map names, so that"
    " az acr repository list, and scanners that begin with a list, are refused.",
    fix=(
        "Name the repositories to the client instead of letting it list them.",
        "Where a list is needed, use an identity with a role: a service principal or a managed identity.",
    ),
    page=_SCOPE_MAP_PAGE + "#concepts",
    samples=(
        (
            "HTTP/1.1 401 Unauthorized https://myacr.azurecr.io/v2/_catalog Www-Authenticate: Bearer"
            ' realm="https://myacr.azurecr.io/oauth2/token",service="myacr.azurecr.io",scope="registry:catalog:*",'
            'error="insufficient_scope"'
        ),
    ),
    not_emulated="A climb asks for repositories by their names, never for a list of them.",
    unlike=(
        (
            'Www-Authenticate: Bearer realm="https://auth.example.com/token",scope="registry:catalog:*",'
            'error="insufficient_scope" (https://registry.example.com/v2/_catalog)'
        ),
    ),
)
ACCESS_TOKEN_EXPIRED = FailureMode(
    id="access-token-expired",
    title="the access token ended during the upload",
    brief="access token ended on the way",
    seen=(requests.UPLOAD_REFUSED,),
    unprovable="What was printed does not tell when the access token was issued.",
    means="An access token lasts about an hour. An upload that takes longer begins with a good one, and its later parts"
    " are refused where the client does not ask for another.",
    look=("See how long the push had taken, and whether the client or its library is an old one.",),
    fix=(
        "Update the client: newer ones ask for an access token again when one is refused.",
        "In code of your own, ask {login_server} for another when it ends (its exp).",
        "Otherwise push in less time: smaller layers, or from a machine with a faster way out.",
    ),
    page=pages.PROTOCOL + "#calling-post-oauth2token-to-get-an-acr-access-token",
    samples=(
        (
            "failed to push myacr.azurecr.io/team/app:v7: unexpected status from PUT request to"
            " https://myacr.azurecr.io/v2/team/app/blobs/uploads/ee33af14-3db6-4eea-8427-072bcf0ecb81?digest=sha256%3A:"
            " 401 Unauthorized"
        ),
    ),
    not_emulated="A climb uses an access token within seconds of its issue, and pushes nothing.",
    unlike=(
        (
            "unexpected status from PUT request to"
            " https://ghcr.io/v2/team/app/blobs/uploads/ee33af14-3db6-4eea-8427-072bcf0ecb81?digest=sha256%3Af6: 401"
            " Unauthorized"
        ),
    ),
)
ACCESS_TOKEN_WRONG_KIND = FailureMode(
    id="access-token-wrong-kind",
    title="a refresh token was sent as an access token",
    brief="refresh token as access token",
    seen=(requests.TOKEN_AS_BEARER,),
    unprovable="What was printed does not show the token itself.",
    means="az acr login --expose-token hands out a refresh token, also in the field that is called accessToken. A"
    " request to {login_server} takes an access token behind Bearer, which names a repository and what may be done.",
    fix=(
        (
            "Send it to https://{login_server}/oauth2/token first, with grant_type refresh_token, service"
            " {login_server} and a scope such as repository:{repository}:pull; the answer has the access token."
        ),
        "Or use it as docker does: as the password of the user name 00000000-0000-0000-0000-000000000000.",
    ),
    page=pages.PROTOCOL + "#calling-post-oauth2token-to-get-an-acr-access-token",
    samples=(
        (
            "TOKEN=$(az acr login -n myacr --expose-token --query accessToken -o tsv)\n"
            "curl -i -H 'Authorization: Bearer ***' https://myacr.azurecr.io/v2/team/app/tags/list\n"
            "HTTP/1.1 401 Unauthorized"
        ),
    ),
    not_emulated="A climb sends no other token than the one that it was given for the request.",
    unlike=(
        (
            "gh auth token --expose-token; curl -H 'Authorization: Bearer ***' https://ghcr.io/v2/team/app/tags/list"
            " 401 Unauthorized"
        ),
    ),
)
IMAGE_NOT_FOUND = FailureMode(
    id="image-not-found",
    title="{login_server} does not have {image}, here and now",
    brief="no such image",
    seen=(operation.MANIFEST_UNKNOWN,),
    when=(
        # Whoever may not pull is refused otherwise, so that quarantine alone hides an image that is there.
        QUARANTINE.where("no", lambda status: True if status == "disabled" else None),
        REFUSED_BY_REGISTRY,
    ),
    # Then the source lacks it, or the cache could not fetch it.
    open_when=(CACHE.where("one for this repository", lambda state: state.rule is not None),),
    occurs=Occurs.OFTEN,
    means="The identity may pull, and there is nothing of that name: it is mistyped, was never pushed, was deleted or"
    " purged, or is in another registry. A replica has it some minutes after a push in another region, and a repository"
    " that an artifact cache fills has it only where the cache can fetch it.",
    look=(
        Command("az acr repository show-tags -n {registry} --repository {repository} --detail --orderby time_desc"),
        "Where the registry keeps deleted images for a while (soft delete):",
        Command("az acr manifest list-deleted-tags -r {registry} -n {repository}"),
    ),
    fix=(
        "Correct the reference; repositories are written in small letters.",
        "If it was pushed minutes ago in another region, wait until this region's replica has it.",
        (
            "Otherwise whoever publishes the image pushes it again. If it was deleted where soft delete is on, they"
            " restore it: until then a push of the same digest is refused."
        ),
    ),
    instead=(
        (
            "A cache that reads another Azure registry by a managed identity finds nothing there unless that one is in"
            " ABAC mode and gives the identity Container Registry Repository Reader."
        ),
    ),
    page=pages.ACR + "container-registry-geo-replication#consistency-model",
    transient=True,
    unlike=(
        "Error: manifest unknown for ghcr.io/team/app:v1",
        "manifest for nginx:nosuch not found: manifest unknown: manifest unknown",
    ),
)
QUARANTINED_IMAGE = FailureMode(
    id="quarantined-image",
    title="{image} is held in quarantine",
    brief="image in quarantine",
    seen=(operation.MANIFEST_UNKNOWN, operation.OPERATION_REFUSED, operation.DISALLOWED_IN_SHORT),
    when=(
        QUARANTINE.is_("enabled"),
        # By its tag it is answered like an image that is not there.
        SHORT_REFUSAL.is_(True),
    ),
    occurs=Occurs.SELDOM,
    means="A registry can hold back pushed images until a scanner approves them; until then only identities with a"
    " quarantine role (AcrQuarantineReader, AcrQuarantineWriter) see them.",
    look=(
        "Pull by digest: by tag an image in quarantine is not found, by digest the operation is disallowed.",
        QUARANTINE.by_hand,
    ),
    fix=("Ask whoever runs the scanner, which needs AcrQuarantineWriter, why it has not approved it.",),
    page="https://github.com/Azure/acr/blob/main/docs/preview/quarantine/readme.md",
)
OPERATION_DISALLOWED = FailureMode(
    id="operation-disallowed",
    title="{registry} disallows this, whoever asks",
    brief="locked repository or image",
    seen=(operation.DISALLOWED, operation.DISALLOWED_IN_SHORT),
    signs=(operation.DISALLOWED,),
    certain="A registry says that an operation is disallowed on it, a repository or an image to whoever has the right.",
    when=(QUARANTINE.where("no", lambda status: True if status == "disabled" else None),),
    means="The identity has the right, and something else stands in the way: the repository, the tag or the image is"
    " locked, the image is in quarantine, the storage is used up, or the registry is of the retired Classic tier.",
    look=(
        "See the locks of the repository, of the tag and of what it names; false is locked:",
        Command("az acr repository show -n {registry} --repository {repository} --query changeableAttributes"),
        Command("az acr repository show -n {registry} --image {image} --query changeableAttributes"),
        Command(
            "az acr manifest show-metadata -r {registry} --query changeableAttributes"
            " -n {repository}@$(az acr manifest show-metadata -r {registry} -n {image} --query digest -o tsv)"
        ),
        Command("az acr show-usage -n {registry} -o table"),
    ),
    fix=(
        (
            "If something is locked, ask who locked it and why; who may sets that one attribute to true (az acr"
            " repository update). If the storage is used up, its owner deletes what nobody needs."
        ),
    ),
    instead=(
        "If nothing is locked or used up, see the tier (Classic is retired) and whether images are in quarantine:",
        Command('az acr show -n {registry} --query "[sku.name,policies.quarantinePolicy.status]"'),
        "The registry's owner can get more storage with a larger tier, which costs more.",
    ),
    page=pages.ACR + "container-registry-image-lock#unlock-an-image-or-repository",
    unlike=(
        "Error: the operation is disallowed on this database.",
        "(ScopeLocked) The scope '/subscriptions/s' cannot perform delete operation: it is locked.",
    ),
)
REGISTRY_THROTTLED = FailureMode(
    id="registry-throttled",
    title="{login_server} had too many requests this minute",
    brief="too many requests to the registry",
    seen=(challenge.THROTTLED,),
    when=(REFUSED_BY_REGISTRY,),
    means="Reads, writes and deletions each have an allowance per minute, for the registry and for each identity; all"
    " anonymous callers are one, and so is the admin user. In a registry with replicas each replica has its own.",
    look=("Find out which clients ask most: a cluster that starts many pods at once, or a scanner.",),
    fix=(
        "Wait {retry_after} seconds, then check again.",
        "Spread the load over time, and give each client an identity of its own.",
    ),
    instead=("The Premium tier has twice the allowance or more, and costs more: a matter for the registry's owner.",),
    page=pages.ACR + "container-registry-skus#api-request-rate-limits",
    transient=True,
    unlike=("toomanyrequests: You have reached your pull rate limit. https://www.docker.com/increase-rate-limit",),
)
