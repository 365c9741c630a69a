"""What can be seen from the exchange stage on: refusals of the Entra token, and a registry that cannot serve."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import (
    NO_PERMISSION_WORDS,
    VALIDATION_WORDS,
    generic_401,
    has_its_mark,
    throttled,
)
from pytest_acrauth.catalogue.symptoms.words import STATUS, anywhere, at_layers, at_registry
from pytest_acrauth.model.stage import Stage

_SERVER_ERRORS = (
    # Whatever the registry said, clients of the docker daemon and IoT Edge say so, and have its words beside.
    rf"(?<!reason: 'server error', ){STATUS}5\d\d\b(?!, at: |: \{{\"message\"|.{{1,40}}? and message \")",
    r"\b5\d\d Server Error(?!: [\w ]{1,40} \()|URL returned error: 5\d\d\b|\bHTTP Error 5\d\d\b",
    r"remote server returned an error: \(5\d\d\)",
    r"error parsing HTTP 5\d\d response body",
    r"unexpected status (?:code |from [A-Z]{3,5} request to )https?://[^ ]{1,900}: 5\d\d\b",
    r"\b5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
)


def _refused(broken: Break) -> bool:
    reply = facts.reply(broken)
    if reply is None or facts.firewall_spoke(broken):
        return False
    if reply.status in {401, 403} and NO_PERMISSION_WORDS.search(reply.words):
        return has_its_mark(broken, reply)
    if reply.status == 403:
        return has_its_mark(broken, reply) and not reply.words.strip()
    return generic_401(reply)


def _bare_403(broken: Break) -> bool:
    reply = facts.reply(broken)
    return reply is not None and reply.status == 403 and not reply.from_registry and not reply.words.strip()


def _validation_failed(broken: Break) -> bool:
    reply = facts.reply(broken)
    return reply is not None and reply.status == 401 and bool(VALIDATION_WORDS.search(reply.words))


def _server_error(broken: Break) -> bool:
    reply = facts.reply(broken)
    failed = reply is not None and reply.status >= 500 and has_its_mark(broken, reply)
    return failed and not facts.firewall_spoke(broken)


#: What programs call the exchange, before what they say of it; Entra's refusals, if they stand there, come before it.
EXCHANGING = (
    r"\b[Ee]xchang(?:e|ing) (?:(?:the |an )?(?:AAD|Entra|ARM)(?: ID)?(?: access)? token for )?(?:an? |the )?"
    r"ACR refresh token\b(?:(?!AADSTS|login\.microsoftonline\.).){0,300}?"
)

EXCHANGE_REFUSED = Symptom(
    id="exchange-refused",
    stages=(Stage.EXCHANGE,),
    when=_refused,
    says="Entra issued an Entra token, and {login_server} refused to give a refresh token for it.",
    texts=anywhere(
        # az says the same of an access token, behind another code.
        r"(?<!CONNECTIVITY_ACCESS_TOKEN_ERROR )Access to registry "
        r"['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\. Response code: 401",
        r"\b(?i:unauthorized|denied)\b.{0,60}?retrieving permissions failed",
        r"Www-Authenticate: auth url .{0,200}? responded with status code 401",
        r"unexpected status code 401 from (?:the )?(?:ACR )?(?:token )?exchange request",
        rf"{EXCHANGING}(?:\b401\b|\b(?i:unauthorized)\b)",
    )
    + at_registry(r"/oauth2/exchange.{0,160}?\b401\b", r"retrieving permissions failed"),
    several=True,
)
BARE_403 = Symptom(
    id="bare-403",
    stages=(Stage.EXCHANGE,),
    when=_bare_403,
    says="The Entra token was answered by an empty 403 without the headers of the registry.",
    texts=(),
    several=True,
)
VALIDATION_FAILED = Symptom(
    id="token-validation-failed",
    stages=(Stage.EXCHANGE,),
    when=_validation_failed,
    says="{login_server} says that the Entra token is not valid.",
    texts=at_registry(r"(?i:token validation failed)"),
)

# At later stages, too.
LOGIN_THROTTLED = Symptom(
    id="login-throttled",
    stages=(Stage.EXCHANGE, Stage.ACCESS_TOKEN),
    when=throttled,
    says="{login_server} answered 429 to a request for one of its tokens, and asks to wait {retry_after} seconds.",
    texts=anywhere(
        r"\bCONNECTIVITY_TOOMANYREQUESTS_ERROR\b",
        r"Too many requests, access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied",
    )
    + at_registry(r"/oauth2/(?:token|exchange).{0,200}?\b429\b"),
)
SERVER_ERROR = Symptom(
    id="server-error",
    stages=(Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA, Stage.UPLOAD, Stage.CHALLENGE),
    when=_server_error,
    says="{host} answered with {answer}.",
    texts=at_registry(*_SERVER_ERRORS)
    + at_layers(*_SERVER_ERRORS)
    + anywhere(r"Access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\. Response code: 5\d\d"),
)
