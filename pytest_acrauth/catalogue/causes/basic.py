"""Family ``basic``: the registry refuses a user name and password, or a request without any.

A known user name with a wrong secret always gets the same general 401. What the user name looks like tells which
causes are possible at all; an unknown user name, and an application's secret that Entra refuses, have texts of their
own.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.basic_questions import (
    ADMIN_ENABLED,
    DECLARED,
    SCOPE_MAP_TOKEN,
    SECRET,
    SECRET_ELSEWHERE,
    SECRET_EXPIRED,
)
from pytest_acrauth.catalogue.questions.climb import USER_KIND, USER_NAME, NameShape
from pytest_acrauth.catalogue.questions.directory import APP_CREDENTIALS, ENTRA_DIRECTLY, WRONG_SECRET
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.questions.records import TokenState
from pytest_acrauth.catalogue.questions.verdicts import possible, proven
from pytest_acrauth.catalogue.shape import Answers, FailureMode, Verdict
from pytest_acrauth.catalogue.symptoms import access_token, client, management
from pytest_acrauth.model.credential import Kind, SecretShape

_REGISTRY_TOKENS = {SecretShape.ACR_REFRESH_TOKEN, SecretShape.ACR_ACCESS_TOKEN}


def _admin_misnamed(answers: Answers) -> Verdict:
    shape = answers[USER_NAME].holds(lambda shape: shape not in {NameShape.REGISTRY, NameShape.GUID})
    if answers[DECLARED].value == Kind.ADMIN or answers[USER_NAME].value in {NameShape.HOST, NameShape.MAIL}:
        meant = Verdict.YES if answers[DECLARED].value in {Kind.ADMIN, "none"} else Verdict.NO
    else:
        meant = possible(answers[DECLARED].holds(lambda kind: kind == "none"))
    return proven(shape, meant, answers[ADMIN_ENABLED].holds(bool))


def _scope_map_token_missing(answers: Answers) -> Verdict:
    declared = answers[DECLARED].value == Kind.SCOPE_MAP_TOKEN
    meant = Verdict.YES if declared else possible(answers[DECLARED].holds(lambda kind: kind == "none"))
    plain = answers[USER_NAME].holds(lambda shape: shape is NameShape.PLAIN)
    return proven(plain, meant, answers[SCOPE_MAP_TOKEN].holds(lambda state: not state.found))


def _nobody(answers: Answers) -> Verdict:
    """Judge a name that says nothing of what it was meant to be: it is none of what there is."""
    undeclared = answers[DECLARED].holds(lambda kind: kind == "none")
    plain = answers[USER_NAME].holds(lambda shape: shape is NameShape.PLAIN)
    missing = answers[SCOPE_MAP_TOKEN].holds(lambda state: not state.found)
    if missing is Verdict.NO:
        return Verdict.NO
    return Verdict.YES if {undeclared, plain, missing} == {Verdict.YES} else Verdict.UNKNOWN


ADMIN_USER_DISABLED = FailureMode(
    id="admin-user-disabled",
    family="basic",
    shows=(access_token.BASIC_REFUSED, management.ADMIN_DISABLED),
    questions=(USER_KIND, ADMIN_ENABLED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.ADMIN), a[ADMIN_ENABLED].holds(lambda enabled: not enabled)
    ),
    title="the admin user of {registry} is disabled",
    meaning="It is off unless somebody switches it on, and a policy may switch it off again.",
    remedies=(
        "az acr update -n {registry} --admin-enabled true",
        "Better, use an Entra identity: the admin user is one password for everything and everybody.",
    ),
    link=pages.ACR + "container-registry-authentication#admin-account",
    az_code=None,
    transient=False,
    since="0.1",
)
ADMIN_PASSWORD_NOT_CURRENT = FailureMode(
    id="admin-password-not-current",
    family="basic",
    shows=(access_token.BASIC_REFUSED,),
    questions=(USER_KIND, ADMIN_ENABLED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.ADMIN), a[ADMIN_ENABLED].holds(lambda enabled: enabled)
    ),
    title="the password is none of the two current ones of the admin user",
    meaning="It was renewed since it was stored, or it was never right; nothing tells these apart.",
    remedies=(
        "az acr credential show -n {registry}",
        "Store one of the two passwords it prints; after a renewal allow a minute until it is accepted.",
    ),
    link=pages.ACR + "container-registry-authentication#admin-account",
    az_code=None,
    transient=False,
    since="0.1",
)
ADMIN_USERNAME_WRONG = FailureMode(
    id="admin-username-wrong",
    family="basic",
    shows=(access_token.APP_NOT_REGISTERED,),
    questions=(DECLARED, USER_NAME, ADMIN_ENABLED),
    proof=_admin_misnamed,
    title="the admin user of {registry} is not called {user_name}",
    meaning="The admin user is named as the registry is: not as its login server, and not by an e-mail address.",
    remedies=("Log in with user name {registry}.",),
    link=pages.ACR + "container-registry-authentication#admin-account",
    az_code=None,
    transient=False,
    since="0.1",
)


def _other_password(state: TokenState) -> bool | None:
    """Judge by elimination: of two passwords ARM cannot say which one the client holds."""
    if not state.passwords or state.fresh or len(state.ended) == len(state.passwords):
        return False
    return None if state.ended else True


def _password_ended(state: TokenState) -> bool | None:
    if not state.ended or state.fresh:
        return False
    return True if len(state.ended) == len(state.passwords) else None


def _scope_map_token(
    ending: str,
    holds: Callable[[TokenState], bool | None],
    *,
    title: str,
    meaning: str,
    remedies: tuple[str, ...],
    anchor: str = "",
    transient: bool = False,
) -> FailureMode:
    """Return a cause of a refused scope-map token; ``holds`` judges its record, None where that cannot tell."""

    def proof(a: Answers) -> Verdict:
        state = a[SCOPE_MAP_TOKEN].value
        told = holds(state) if state is not None else None
        verdict = Verdict.UNKNOWN if told is None else Verdict.YES if told else Verdict.NO
        return proven(a[USER_KIND].holds(lambda kind: kind is Kind.SCOPE_MAP_TOKEN), verdict)

    return FailureMode(
        id=f"scope-map-token-{ending}",
        family="basic",
        shows=(access_token.BASIC_REFUSED,),
        questions=(USER_KIND, SCOPE_MAP_TOKEN),
        proof=proof,
        title=title,
        meaning=meaning,
        remedies=remedies,
        link=pages.ACR + "container-registry-token-based-repository-permissions" + anchor,
        az_code=None,
        transient=transient,
        since="0.1",
    )


_GENERATE = (
    "az acr token credential generate -n {user_name} -r {registry} --expiration-in-days 30 --password1"
    " --query passwords[0].value -o tsv"
)

SCOPE_MAP_TOKEN_PASSWORD_WRONG = _scope_map_token(
    "password-wrong",
    _other_password,
    title="the password of scope-map token {user_name} is wrong",
    meaning="It was generated again since it was stored, or changed in copying. Azure shows a password once only.",
    remedies=(_GENERATE, "Store the new password; allow a minute until it is accepted."),
    anchor="#regenerate-token-passwords",
)
SCOPE_MAP_TOKEN_PASSWORD_EXPIRED = _scope_map_token(
    "password-expired",
    _password_ended,
    title="the password of scope-map token {user_name} has expired",
    meaning="A password may have been generated with an end date. The token has two, with dates of their own.",
    remedies=(_GENERATE, "Store the new password before the old one ends."),
    anchor="#show-token-details",
)
SCOPE_MAP_TOKEN_DISABLED = _scope_map_token(
    "disabled",
    lambda state: state.found and not state.usable,
    title="scope-map token {user_name} is disabled",
    meaning="A disabled token keeps its passwords and gets no new access token.",
    remedies=("az acr token update -n {user_name} -r {registry} --status enabled",),
)
SCOPE_MAP_TOKEN_NO_PASSWORD = _scope_map_token(
    "no-password",
    lambda state: state.usable and not state.passwords,
    title="scope-map token {user_name} has no password",
    meaning="A token can be made without passwords; none is accepted until one is generated.",
    remedies=(_GENERATE,),
)
SCOPE_MAP_TOKEN_PASSWORD_PROPAGATING = _scope_map_token(
    "password-propagating",
    lambda state: state.fresh,
    title="a new password of scope-map token {user_name} may not be in effect yet",
    meaning="A generated password takes about a minute until it is accepted everywhere.",
    remedies=("Wait a minute after generating a password, then check again.",),
    transient=True,
)
SCOPE_MAP_TOKEN_NOT_FOUND = FailureMode(
    id="scope-map-token-not-found",
    family="basic",
    shows=(access_token.APP_NOT_REGISTERED,),
    questions=(DECLARED, USER_NAME, SCOPE_MAP_TOKEN),
    proof=_scope_map_token_missing,
    title="{registry} has no scope-map token {user_name}",
    meaning="The token was deleted, or belongs to another registry: tokens are known to one registry only.",
    remedies=(
        "az acr token list -r {registry} -o table",
        "az acr token create -n {user_name} -r {registry} --scope-map <scope map>",
    ),
    link=pages.ACR + "container-registry-token-based-repository-permissions",
    az_code=None,
    transient=False,
    since="0.1",
)
BASIC_USERNAME_UNKNOWN = FailureMode(
    id="basic-username-unknown",
    family="basic",
    shows=(access_token.APP_NOT_REGISTERED,),
    questions=(DECLARED, USER_NAME, SCOPE_MAP_TOKEN),
    proof=_nobody,
    title="{login_server} has no user {user_name}",
    meaning="The name is neither the admin user nor a scope-map token here, and no application has it as its id.",
    remedies=(
        "Check the user name's spelling, and that it belongs to {registry}.",
        "Use the registry's name for the admin user, a token's exact name, or an application's client id.",
    ),
    link=pages.ACR + "container-registry-troubleshoot-login-authn-authz",
    az_code=None,
    transient=False,
    since="0.1",
)
CLIENT_NULL_GUID_NOT_USED = FailureMode(
    id="client-null-guid-not-used",
    family="basic",
    shows=(access_token.APP_NOT_REGISTERED,),
    questions=(SECRET,),
    proof=lambda a: a[SECRET].holds(lambda shape: shape in _REGISTRY_TOKENS),
    title="the password is a token of the registry, and {user_name} is not the user name for one",
    meaning="A refresh token, such as az acr login --expose-token prints, is accepted as a password beside one user"
    " name only: the null GUID.",
    remedies=("docker login {login_server} -u 00000000-0000-0000-0000-000000000000 --password-stdin",),
    link=pages.ACR + "container-registry-authentication#use-az-acr-login-without-docker-daemon",
    az_code=None,
    transient=False,
    since="0.1",
)
CLIENT_ENTRA_TOKEN_AS_PASSWORD = FailureMode(
    id="client-entra-token-as-password",
    family="basic",
    shows=(access_token.INVALID_CLIENT,),
    questions=(SECRET,),
    proof=lambda a: a[SECRET].holds(lambda shape: shape is SecretShape.ENTRA_TOKEN),
    title="the password is an Entra token, which the registry does not take as one",
    meaning="An Entra token has to be exchanged at the registry first; only what it returns can be a password.",
    remedies=(
        "az acr login -n {registry} --expose-token --query refreshToken -o tsv",
        "Use that as the password, with user name 00000000-0000-0000-0000-000000000000.",
    ),
    link=pages.PROTOCOL,
    az_code=None,
    transient=False,
    since="0.1",
)
SP_CERTIFICATE_WITH_DOCKER_LOGIN = FailureMode(
    id="sp-certificate-with-docker-login",
    family="basic",
    shows=(access_token.INVALID_CLIENT,),
    questions=(SECRET, APP_CREDENTIALS, ENTRA_DIRECTLY),
    proof=lambda a: proven(
        a[SECRET].holds(lambda shape: shape is SecretShape.OPAQUE),
        a[APP_CREDENTIALS].holds(lambda found: found.certificate_only)
        if a[APP_CREDENTIALS].value is not None
        else possible(a[ENTRA_DIRECTLY].holds(lambda answer: answer == WRONG_SECRET)),
    ),
    title="application {client_id} may have a certificate only, which cannot be a password",
    meaning="A service principal with a certificate signs in through Entra; the registry itself takes client secrets.",
    remedies=(
        "az login --service-principal -u {client_id} --certificate <file> --tenant <tenant id>",
        "az acr login -n {registry}",
    ),
    link=pages.ACR + "container-registry-auth-service-principal",
    az_code=None,
    transient=False,
    since="0.1",
)
SP_LACKS_ROLE = FailureMode(
    id="sp-lacks-role",
    family="basic",
    shows=(access_token.BASIC_REFUSED,),
    questions=(USER_KIND, ROLES),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.SERVICE_PRINCIPAL),
        a[ROLES].holds(lambda rights: rights.short and not rights.granted),
    ),
    title="service principal {client_id} has no role on {registry}",
    meaning="Its secret was accepted, since a bad one has another text; nothing is assigned to it on the registry.",
    remedies=(
        (
            "az role assignment create --assignee {client_id} --role {role}"
            " --scope $(az acr show -n {registry} --query id -o tsv)"
        ),
    ),
    link=pages.ACR + "container-registry-auth-service-principal",
    az_code=None,
    transient=False,
    since="0.1",
)
REFRESH_TOKEN_EXPIRED = FailureMode(
    id="refresh-token-expired",
    family="basic",
    shows=(access_token.BASIC_REFUSED, client.STORED_LOGIN_ENDED),
    questions=(USER_KIND, SECRET_EXPIRED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.REFRESH_TOKEN), a[SECRET_EXPIRED].holds(lambda expired: expired)
    ),
    title="the registry's refresh token, used as the password, has expired",
    meaning="What az acr login stores lives three hours, and docker cannot renew it.",
    remedies=(
        "az acr login -n {registry}",
        "For longer jobs use a credential helper, a service principal or a scope-map token.",
    ),
    link=pages.ACR + "container-registry-authentication#authenticate-with-microsoft-entra-id",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
REFRESH_TOKEN_OTHER_REGISTRY = FailureMode(
    id="refresh-token-other-registry",
    family="basic",
    shows=(access_token.BASIC_REFUSED,),
    questions=(USER_KIND, SECRET_ELSEWHERE),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.REFRESH_TOKEN), a[SECRET_ELSEWHERE].holds(lambda other: other)
    ),
    title="the refresh token used as the password belongs to another registry",
    meaning="A refresh token is good for the one login server named in it.",
    remedies=("az acr login -n {registry}",),
    link=pages.PROTOCOL,
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
ANONYMOUS_PULL_DISABLED = FailureMode(
    id="anonymous-pull-disabled",
    family="basic",
    shows=(access_token.ANONYMOUS_REFUSED,),
    questions=(),
    proof=None,
    title="{registry} does not allow anonymous pull",
    meaning="Anonymous pull is off unless somebody switched it on, and the Basic tier does not have it.",
    remedies=(
        "Authenticate: choose an identity with --acr-auth.",
        "az acr update -n {registry} --anonymous-pull-enabled true",
    ),
    link=pages.ACR + "anonymous-pull-access",
    az_code=None,
    transient=False,
    since="0.1",
)
