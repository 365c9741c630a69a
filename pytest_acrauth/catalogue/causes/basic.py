"""Family ``basic``: the registry refuses a user name and password, or a request without any.

A known user name with a wrong secret always gets the same general 401. What the user name looks like tells which
causes are possible at all; an unknown user name, and an application's secret that Entra refuses, have texts of their
own.
"""

from __future__ import annotations

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
from pytest_acrauth.catalogue.shape import Answers, Command, FailureMode, Verdict
from pytest_acrauth.catalogue.steps import ASSIGN_ROLES
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
    title="the admin user of {registry} is disabled",
    seen=(access_token.BASIC_REFUSED, management.ADMIN_DISABLED),
    asks=(USER_KIND, ADMIN_ENABLED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.ADMIN), a[ADMIN_ENABLED].holds(lambda enabled: not enabled)
    ),
    means="It is off unless somebody switches it on, and a policy may switch it off again.",
    fix=(
        Command("az acr update -n {registry} --admin-enabled true"),
        "Better, use an Entra identity: the admin user is one password for everything and everybody.",
    ),
    page=pages.ACR + "container-registry-authentication#admin-account",
)
ADMIN_PASSWORD_NOT_CURRENT = FailureMode(
    id="admin-password-not-current",
    title="the password is none of the two current ones of the admin user",
    seen=(access_token.BASIC_REFUSED,),
    asks=(USER_KIND, ADMIN_ENABLED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.ADMIN), a[ADMIN_ENABLED].holds(lambda enabled: enabled)
    ),
    means="It was renewed since it was stored, or it was never right; nothing tells these apart.",
    fix=(
        Command("az acr credential show -n {registry}"),
        "Store one of the two passwords it prints; after a renewal allow a minute until it is accepted.",
    ),
    page=pages.ACR + "container-registry-authentication#admin-account",
)
ADMIN_USERNAME_WRONG = FailureMode(
    id="admin-username-wrong",
    title="the admin user of {registry} is not called {user_name}",
    seen=(access_token.APP_NOT_REGISTERED,),
    asks=(DECLARED, USER_NAME, ADMIN_ENABLED),
    proof=_admin_misnamed,
    means="The admin user is named as the registry is: not as its login server, and not by an e-mail address.",
    fix=("Log in with user name {registry}.",),
    page=pages.ACR + "container-registry-authentication#admin-account",
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


_GENERATE = (
    "az acr token credential generate -n {user_name} -r {registry} --expiration-in-days 30 --password1"
    " --query passwords[0].value -o tsv"
)

SCOPE_MAP_TOKEN_PASSWORD_WRONG = FailureMode(
    id="scope-map-token-password-wrong",
    title="the password of scope-map token {user_name} is wrong",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.SCOPE_MAP_TOKEN), SCOPE_MAP_TOKEN.where("WORDS", _other_password)),
    means="It was generated again since it was stored, or changed in copying. Azure shows a password once only.",
    fix=(
        Command(
            "az acr token credential generate -n {user_name} -r {registry} --expiration-in-days 30 --password1"
            " --query passwords[0].value -o tsv"
        ),
        "Store the new password; allow a minute until it is accepted.",
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions#regenerate-token-passwords",
)
SCOPE_MAP_TOKEN_PASSWORD_EXPIRED = FailureMode(
    id="scope-map-token-password-expired",
    title="the password of scope-map token {user_name} has expired",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.SCOPE_MAP_TOKEN), SCOPE_MAP_TOKEN.where("WORDS", _password_ended)),
    means="A password may have been generated with an end date. The token has two, with dates of their own.",
    fix=(
        Command(
            "az acr token credential generate -n {user_name} -r {registry} --expiration-in-days 30 --password1"
            " --query passwords[0].value -o tsv"
        ),
        "Store the new password before the old one ends.",
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions#show-token-details",
)
SCOPE_MAP_TOKEN_DISABLED = FailureMode(
    id="scope-map-token-disabled",
    title="scope-map token {user_name} is disabled",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("WORDS", lambda state: state.found and not state.usable),
    ),
    means="A disabled token keeps its passwords and gets no new access token.",
    fix=(Command("az acr token update -n {user_name} -r {registry} --status enabled"),),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
SCOPE_MAP_TOKEN_NO_PASSWORD = FailureMode(
    id="scope-map-token-no-password",
    title="scope-map token {user_name} has no password",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("WORDS", lambda state: state.usable and not state.passwords),
    ),
    means="A token can be made without passwords; none is accepted until one is generated.",
    fix=(
        Command(
            "az acr token credential generate -n {user_name} -r {registry} --expiration-in-days 30 --password1"
            " --query passwords[0].value -o tsv"
        ),
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
SCOPE_MAP_TOKEN_PASSWORD_PROPAGATING = FailureMode(
    id="scope-map-token-password-propagating",
    title="a new password of scope-map token {user_name} may not be in effect yet",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.SCOPE_MAP_TOKEN), SCOPE_MAP_TOKEN.where("WORDS", lambda state: state.fresh)),
    means="A generated password takes about a minute until it is accepted everywhere.",
    fix=("Wait a minute after generating a password, then check again.",),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
    transient=True,
)
SCOPE_MAP_TOKEN_NOT_FOUND = FailureMode(
    id="scope-map-token-not-found",
    title="{registry} has no scope-map token {user_name}",
    seen=(access_token.APP_NOT_REGISTERED,),
    asks=(DECLARED, USER_NAME, SCOPE_MAP_TOKEN),
    proof=_scope_map_token_missing,
    means="The token was deleted, or belongs to another registry: tokens are known to one registry only.",
    fix=(
        Command("az acr token list -r {registry} -o table"),
        Command("az acr token create -n {user_name} -r {registry} --scope-map <scope map>"),
    ),
    page=pages.ACR + "container-registry-token-based-repository-permissions",
)
BASIC_USERNAME_UNKNOWN = FailureMode(
    id="basic-username-unknown",
    title="{login_server} has no user {user_name}",
    seen=(access_token.APP_NOT_REGISTERED,),
    asks=(DECLARED, USER_NAME, SCOPE_MAP_TOKEN),
    proof=_nobody,
    means="The name is neither the admin user nor a scope-map token here, and no application has it as its id.",
    fix=(
        "Check the user name's spelling, and that it belongs to {registry}.",
        "Use the registry's name for the admin user, a token's exact name, or an application's client id.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-login-authn-authz",
)
CLIENT_NULL_GUID_NOT_USED = FailureMode(
    id="client-null-guid-not-used",
    title="the password is a token of the registry, and {user_name} is not the user name for one",
    seen=(access_token.APP_NOT_REGISTERED,),
    asks=(SECRET,),
    proof=lambda a: a[SECRET].holds(lambda shape: shape in _REGISTRY_TOKENS),
    means="A refresh token, such as az acr login --expose-token prints, is accepted as a password beside one user"
    " name only: the null GUID.",
    fix=(Command("docker login {login_server} -u 00000000-0000-0000-0000-000000000000 --password-stdin"),),
    page=pages.ACR + "container-registry-authentication#use-az-acr-login-without-docker-daemon",
)
CLIENT_ENTRA_TOKEN_AS_PASSWORD = FailureMode(
    id="client-entra-token-as-password",
    title="the password is an Entra token, which the registry does not take as one",
    seen=(access_token.INVALID_CLIENT,),
    asks=(SECRET,),
    proof=lambda a: a[SECRET].holds(lambda shape: shape is SecretShape.ENTRA_TOKEN),
    means="An Entra token has to be exchanged at the registry first; only what it returns can be a password.",
    fix=(
        Command("az acr login -n {registry} --expose-token --query refreshToken -o tsv"),
        "Use that as the password, with user name 00000000-0000-0000-0000-000000000000.",
    ),
    page=pages.PROTOCOL,
)
SP_CERTIFICATE_WITH_DOCKER_LOGIN = FailureMode(
    id="sp-certificate-with-docker-login",
    title="application {client_id} may have a certificate only, which cannot be a password",
    seen=(access_token.INVALID_CLIENT,),
    asks=(SECRET, APP_CREDENTIALS, ENTRA_DIRECTLY),
    proof=lambda a: proven(
        a[SECRET].holds(lambda shape: shape is SecretShape.OPAQUE),
        a[APP_CREDENTIALS].holds(lambda found: found.certificate_only)
        if a[APP_CREDENTIALS].value is not None
        else possible(a[ENTRA_DIRECTLY].holds(lambda answer: answer == WRONG_SECRET)),
    ),
    means="A service principal with a certificate signs in through Entra; the registry itself takes client secrets.",
    fix=(
        Command("az login --service-principal -u {client_id} --certificate <file> --tenant <tenant id>"),
        Command("az acr login -n {registry}"),
    ),
    page=pages.ACR + "container-registry-auth-service-principal",
)
SP_LACKS_ROLE = FailureMode(
    id="sp-lacks-role",
    title="service principal {client_id} has no role on {registry}",
    seen=(access_token.BASIC_REFUSED,),
    asks=(USER_KIND, ROLES),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.SERVICE_PRINCIPAL),
        a[ROLES].holds(lambda rights: rights.short and not rights.granted),
    ),
    means="Its secret was accepted, since a bad one has another text; nothing is assigned to it on the registry.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-auth-service-principal",
)
REFRESH_TOKEN_EXPIRED = FailureMode(
    id="refresh-token-expired",
    title="the registry's refresh token, used as the password, has expired",
    seen=(access_token.BASIC_REFUSED, client.STORED_LOGIN_ENDED),
    asks=(USER_KIND, SECRET_EXPIRED),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.REFRESH_TOKEN), a[SECRET_EXPIRED].holds(lambda expired: expired)
    ),
    means="What az acr login stores lives three hours, and docker cannot renew it.",
    fix=(
        Command("az acr login -n {registry}"),
        "For longer jobs use a credential helper, a service principal or a scope-map token.",
    ),
    page=pages.ACR + "container-registry-authentication#authenticate-with-microsoft-entra-id",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
)
REFRESH_TOKEN_OTHER_REGISTRY = FailureMode(
    id="refresh-token-other-registry",
    title="the refresh token used as the password belongs to another registry",
    seen=(access_token.BASIC_REFUSED,),
    asks=(USER_KIND, SECRET_ELSEWHERE),
    proof=lambda a: proven(
        a[USER_KIND].holds(lambda kind: kind is Kind.REFRESH_TOKEN), a[SECRET_ELSEWHERE].holds(lambda other: other)
    ),
    means="A refresh token is good for the one login server named in it.",
    fix=(Command("az acr login -n {registry}"),),
    page=pages.PROTOCOL,
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
)
ANONYMOUS_PULL_DISABLED = FailureMode(
    id="anonymous-pull-disabled",
    title="{registry} does not allow anonymous pull",
    seen=(access_token.ANONYMOUS_REFUSED,),
    means="Anonymous pull is off unless somebody switched it on, and the Basic tier does not have it.",
    fix=(
        "Authenticate: choose an identity with --acr-auth.",
        Command("az acr update -n {registry} --anonymous-pull-enabled true"),
    ),
    page=pages.ACR + "anonymous-pull-access",
)
