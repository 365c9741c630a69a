"""Family ``challenge``: what answers at the login server does not ask for authentication as a registry does."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.shape import Break, FailureMode, Symptom
from pytest_acrauth.catalogue.symptoms.words import anywhere
from pytest_acrauth.model.observation import Challenge, Data, Reply, Trouble
from pytest_acrauth.model.stage import Stage

_SILENT = {Trouble.TIMEOUT, Trouble.RESET, Trouble.CLOSED}


def _asked(broken: Break) -> tuple[Challenge, Reply] | None:
    observation = broken.observation
    if not isinstance(observation, Challenge) or observation.reply is None:
        return None
    return observation, observation.reply


def _foreign_403(broken: Break) -> bool:
    observation, reply = broken.observation, facts.reply(broken)
    if reply is None or reply.status != 403 or facts.registry_spoke(reply) or facts.firewall_spoke(broken):
        return False
    if isinstance(observation, Data) and observation.redirect:
        return False  # a data host's answer never carries the registry's headers
    return broken.stage is not Stage.EXCHANGE or bool(reply.words.strip())


def _missing(broken: Break) -> bool:
    if (asked := _asked(broken)) is None:
        return facts.trouble(broken) in _SILENT
    challenge, reply = asked
    if challenge.scheme or reply.status in {403, 429}:
        return False
    return reply.status != 200 or not reply.from_registry


def _open(broken: Break) -> bool:
    asked = _asked(broken)
    return asked is not None and asked[1].status == 200 and asked[1].from_registry


def _not_bearer(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or not asked[0].scheme:
        return False
    challenge = asked[0]
    return challenge.scheme != "bearer" or not (challenge.realm and challenge.service)


def _foreign_realm(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or _not_bearer(broken):
        return False
    return bool(asked[0].scheme) and not asked[0].realm_is_own


#: Also at later stages: a device between answers instead of the registry. An empty one at the exchange is its own
#: symptom there, because the registry has answered so itself.
FOREIGN_403 = Symptom(
    id="foreign-403",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    when=_foreign_403,
    says="The answer to the {stage} request is a 403 without any header that the registry sends.",
    texts=(),
)
NO_CHALLENGE = Symptom(
    id="no-challenge",
    stages=(Stage.CHALLENGE,),
    when=_missing,
    says="{login_server} answered /v2/ without asking for authentication.",
    texts=anywhere(
        r"registry did not issue a valid AAD challenge",
    ),
)
OPEN = Symptom(
    id="open-without-challenge",
    stages=(Stage.CHALLENGE,),
    when=_open,
    says="{login_server} served /v2/ without any credential.",
    texts=(),
)
OTHER_SCHEME = Symptom(
    id="other-scheme",
    stages=(Stage.CHALLENGE,),
    when=_not_bearer,
    says="{login_server} asks for {scheme} authentication, realm {realm}: no complete bearer challenge.",
    texts=anywhere(
        r"\bCONNECTIVITY_(?:AAD_LOGIN|WWW_AUTHENTICATE)_ERROR\b",
        r"Registry '(?P<login_server>[\w.*-]{1,253})' does not support AAD login",
        r"Registry '(?P<login_server>[\w.*-]{1,253})' did not ask properly for",
    ),
)
REALM_ELSEWHERE = Symptom(
    id="realm-elsewhere",
    stages=(Stage.CHALLENGE,),
    when=_foreign_realm,
    says="{login_server} wants credentials sent to {realm}, which is not https on {login_server}.",
    texts=(),
)

CHALLENGE_MISSING = FailureMode(
    id="challenge-missing",
    family="challenge",
    shows=(NO_CHALLENGE,),
    questions=(),
    proof=None,
    title="{login_server} did not issue a challenge",
    meaning="A registry answers an unauthenticated request to /v2/ with 401 and says where tokens are had. This answer"
    " came from something else, such as a captive portal or a proxy, or from a registry in trouble.",
    remedies=(
        "curl -sSi https://{login_server}/v2/",
        "If the answer is a proxy's or a portal's page, let this machine reach {login_server} directly.",
        "If it is the registry's own, try again, then open a support case with correlation id {correlation_id}.",
    ),
    link=pages.HEALTH + "#connectivity_challenge_error",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
CHALLENGE_OPEN = FailureMode(
    id="challenge-open",
    family="challenge",
    shows=(OPEN,),
    questions=(),
    proof=None,
    title="{login_server} asks for no authentication at all",
    meaning="An Azure Container Registry challenges every client, even where anonymous pull is on. What answers here"
    " is another kind of registry, so nothing about authentication can be checked.",
    remedies=(
        "nslookup {login_server}",
        "Point the name at the Azure registry, or check the registry that is meant with --acr-registry.",
    ),
    link=pages.PROTOCOL,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
CHALLENGE_NOT_BEARER = FailureMode(
    id="challenge-not-bearer",
    family="challenge",
    shows=(OTHER_SCHEME,),
    questions=(),
    proof=None,
    title="{login_server} does not offer token authentication",
    meaning="The challenge has the scheme {scheme} and no realm and service for a token. That is not how an Azure"
    " registry asks: it may be a connected registry, another product, or a proxy that rewrites headers.",
    remedies=(
        "curl -sSi https://{login_server}/v2/",
        "Compare the Www-Authenticate header with the same request from another network; a difference is a proxy's.",
        "For a connected registry, use a scope-map token made for it.",
    ),
    link=pages.HEALTH + "#connectivity_aad_login_error",
    az_code="CONNECTIVITY_AAD_LOGIN_ERROR",
    transient=False,
    since="0.1",
)
CHALLENGE_FOREIGN_REALM = FailureMode(
    id="challenge-foreign-realm",
    family="challenge",
    shows=(REALM_ELSEWHERE,),
    questions=(),
    proof=None,
    title="{login_server} sends its clients to another host for tokens; nothing was sent there",
    meaning="An Azure registry is its own token server: realm and login server are one host, over https. The realm"
    " here is {realm}. Whoever answers there would receive the credentials, so the climb stopped.",
    remedies=(
        "curl -sSi https://{login_server}/v2/",
        "Use the registry's own login server instead of a custom domain or a proxy in front of it.",
        "If no such proxy is meant to be there, treat it as an interception and tell who runs the network.",
    ),
    link=pages.PROTOCOL,
    az_code=None,
    transient=False,
    since="0.1",
)
