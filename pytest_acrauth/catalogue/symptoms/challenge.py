"""What can be seen from the challenge stage on: refusals on the way, and answers that are no registry's challenge."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import generic_401
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry
from pytest_acrauth.model.observation import Challenge, Data, Reply, Trouble
from pytest_acrauth.model.stage import Stage


def _asked(broken: Break) -> tuple[Challenge, Reply] | None:
    observation = broken.observation
    if not isinstance(observation, Challenge) or observation.reply is None:
        return None
    return observation, observation.reply


def _from_elsewhere(broken: Break) -> Reply | None:
    """Return an answer in the registry's place that has no header and no error of a registry's.

    A data host's answer never has them.
    """
    observation, reply = broken.observation, facts.reply(broken)
    if reply is None or facts.registry_spoke(reply) or (isinstance(observation, Data) and observation.redirect):
        return None
    return reply


def _foreign_403(broken: Break, *, worded: bool) -> bool:
    reply = _from_elsewhere(broken)
    if reply is None or reply.status != 403 or facts.firewall_spoke(broken):
        return False
    return bool(reply.words.strip()) is worded


def _throttled(broken: Break) -> bool:
    observation, reply = broken.observation, facts.reply(broken)
    elsewhere = isinstance(observation, Data) and bool(observation.redirect)
    return reply is not None and reply.status == 429 and facts.registry_spoke(reply) and not elsewhere


def _missing(broken: Break) -> bool:
    if (asked := _asked(broken)) is None:
        return isinstance(broken.observation, Challenge) and broken.observation.trouble is Trouble.MALFORMED
    challenge, reply = asked
    if challenge.scheme or reply.status in {403, 429} or _open(broken):
        return False
    return reply.status < 500 or not facts.registry_spoke(reply)  # a registry in trouble says so itself


def _open(broken: Break) -> bool:
    asked = _asked(broken)
    if asked is None or asked[1].status != 200 or not asked[1].from_registry:
        return False
    # A page that says 200 is no registry's answer, and neither is a list of errors.
    return "json" in asked[1].content_type and not asked[1].code


def _not_bearer(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or not asked[0].scheme:
        return False
    challenge = asked[0]
    return challenge.scheme != "bearer" or not (challenge.realm and challenge.service)


def _foreign_realm(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or _not_bearer(broken):
        return False
    return bool(asked[0].scheme) and not asked[0].realm_is_own


def _answered_in_its_place(broken: Break) -> bool:
    """Hold for refusals and failures that other symptoms know of a registry alone, and that have no mark of one."""
    observation, reply = broken.observation, facts.reply(broken)
    if reply is None or facts.registry_spoke(reply) or (isinstance(observation, Data) and observation.redirect):
        return False
    if broken.stage is Stage.CHALLENGE:
        return reply.status == 429
    behind = broken.stage in {Stage.OPERATION, Stage.DATA}
    return reply.status == 429 or reply.status >= 500 or (behind and generic_401(reply))


# At later stages, too.
FOREIGN_403 = Symptom(
    # A device between answers instead of the registry, with words of its own.
    id="foreign-403",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    when=lambda broken: _foreign_403(broken, worded=True),
    says="The {stage} request was answered by a 403 that did not come from the registry: its headers are missing.",
    texts=(),
)
EMPTY_403 = Symptom(
    # At the exchange it is a symptom of its own, because the registry has answered so itself.
    id="empty-403",
    stages=(Stage.CHALLENGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    when=lambda broken: _foreign_403(broken, worded=False),
    says="The {stage} request was answered by a 403 without a word and without the registry's headers.",
    texts=(),
)
DENIED_WITH_IP = Symptom(
    id="denied-with-ip",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    # Where a later wait failed, that is what is seen.
    when=lambda broken: facts.firewall_spoke(broken) and facts.trouble(broken) is None,
    says="The registry's firewall refused {client_ip} at the {stage} request.",
    texts=anywhere(
        r"client with IP ?'?(?P<client_ip>[0-9A-Fa-f:.]{3,45})'? is not allowed access",
        r"client with IP .{0,60}?is not allowed access",
        r"aka\.ms/acr/firewall",
    ),
)
THROTTLED = Symptom(
    id="requests-throttled",
    stages=(Stage.CHALLENGE, Stage.OPERATION, Stage.DATA),
    when=_throttled,
    says="{login_server} has too many requests to serve ({answer}); it asks to wait {retry_after} seconds.",
    texts=at_registry(
        r"\b429 Too Many Requests|status.{0,20}?\b429\b",
    ),
)

# 403 without the registry's headers is a symptom of its own, because devices are known to refuse so.
NOT_FROM_REGISTRY = Symptom(
    id="answer-not-from-registry",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    when=_answered_in_its_place,
    says="The {stage} request was answered with {answer}, without a header or an error body that a registry sends.",
    texts=(),
)

# At this stage only.
NO_CHALLENGE = Symptom(
    id="no-challenge",
    stages=(Stage.CHALLENGE,),
    when=_missing,
    says="{login_server} did not ask for authentication at /v2/.",
    texts=anywhere(
        r"registry did not issue a valid AAD challenge",
    ),
)
OPEN = Symptom(
    id="open-without-challenge",
    stages=(Stage.CHALLENGE,),
    when=_open,
    says="{login_server} let /v2/ be read without any credential.",
    texts=(),
)
OTHER_SCHEME = Symptom(
    id="other-scheme",
    stages=(Stage.CHALLENGE,),
    when=_not_bearer,
    says="{login_server} does not say, as a registry does, where its tokens are had: the scheme is {scheme}.",
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
