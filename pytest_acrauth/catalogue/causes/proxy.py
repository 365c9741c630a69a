"""Family ``proxy``: a proxy, or another device on the way, does not let requests through to a host."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.network import HOST_EXISTS
from pytest_acrauth.catalogue.shape import Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.symptoms import challenge, exchange, proxy

REFUSED_DIRECTLY: Question[bool] = Question(
    id="refused-directly",
    asks="Did the registry's own firewall answer, with no proxy on the way?",
    shows="refused with no proxy between",
    by_hand="Read whether the answer names an address, and look at HTTPS_PROXY and NO_PROXY.",
    read=lambda broken: facts.firewall_spoke(broken) and not broken.transcript.proxy,
)

_SETTINGS = (
    "See which variables name a proxy; docker's daemon has a setting of its own (docker info):",
    Command("env | grep -o -i -E '^(https|all|no)_proxy='"),
)
_TRY = Command("curl -sSv -o /dev/null --max-time 20 https://{host}/")
_PAGE = pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy"

PROXY_UNREACHABLE = FailureMode(
    id="proxy-unreachable",
    title="the proxy {proxy} cannot be reached",
    brief="proxy out of reach",
    seen=(proxy.PROXY_UNREACHED,),
    signs=(proxy.PROXY_UNREACHED,),
    certain="The connection to the proxy itself failed; no host behind it was asked for anything.",
    means="The environment names a proxy for {host}, and that proxy is down, its name does not resolve, or the port is"
    " another. Nothing is said about {host}.",
    look=(*_SETTINGS, _TRY),
    fix=(
        "Correct the proxy's address in HTTPS_PROXY (or ALL_PROXY), here and for docker's daemon.",
        "If the address is right, whoever runs the proxy starts it, or lets this machine reach it.",
    ),
    instead=("Exempt {host} with NO_PROXY, if this network reaches it without the proxy.",),
    page=_PAGE,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: proxyconnect tcp: dial tcp 10.0.0.9:3128: connection refused",),
)
PROXY_LOGIN_REQUIRED = FailureMode(
    id="proxy-login-required",
    title="the proxy {proxy} wants a login of its own",
    brief="proxy wants a login",
    seen=(proxy.PROXY_WANTS_LOGIN,),
    signs=(proxy.PROXY_WANTS_LOGIN,),
    certain="Only proxies send 407, and before any host behind them is asked for anything.",
    means="The proxy lets nobody through without a user name and a password, and was shown none, or wrong ones. This is"
    " not the registry's login: {host} was not asked for anything.",
    look=(*_SETTINGS, _TRY),
    fix=(
        (
            "Ask who runs the proxy for a user of it, and put that before its host in HTTPS_PROXY, from the pipeline's"
            " secret store; letters that a URL reserves are percent-encoded."
        ),
        "For another scheme than Basic (NTLM, Kerberos), put a helper in between that speaks it.",
    ),
    instead=("Whoever runs the proxy lets this machine, or requests for {host}, through without a login.",),
    page=_PAGE,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: Proxy Authentication Required",),
)
PROXY_BLOCKS_REGISTRY = FailureMode(
    id="proxy-blocks-registry",
    title="something on the way blocks requests to {host}",
    brief="blocked by a proxy",
    seen=(
        proxy.PROXY_REFUSED,
        challenge.FOREIGN_403,
        challenge.EMPTY_403,
        exchange.BARE_403,
        challenge.DENIED_WITH_IP,
    ),
    signs=(proxy.PROXY_REFUSED, challenge.FOREIGN_403),
    certain="That is not the host's own refusal: a proxy gave it before it opened a way, or it lacks the host's marks.",
    not_when=(REFUSED_DIRECTLY.is_(True),),
    means="Something on the way refuses: a proxy that forbids the host, or a device that answers with a page of its own"
    " in the host's place, be it that no proxy is set here.",
    look=(*_SETTINGS, _TRY),
    fix=(
        "Whoever runs it lets this machine reach {host} on port 443, and the other hosts that sign-in and layers need.",
        Given(
            "If the answer names an address, {ruled_host} gave it, and its network rules do not admit the one from"
            " which the proxy sends: take a way that they admit, such as a private endpoint; keep the proxy out of"
            " them.",
            "ruled_host",
        ),
    ),
    instead=("Exempt {host} with NO_PROXY, if this network reaches it without the proxy.",),
    page=_PAGE,
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: proxyconnect tcp: Forbidden",),
)
PROXY_CANNOT_CONNECT = FailureMode(
    id="proxy-cannot-connect",
    title="the proxy {proxy} opens no way to {host}",
    brief="proxy without a connection",
    seen=(proxy.PROXY_WITHOUT_WAY,),
    when=(HOST_EXISTS.is_(True),),
    occurs=Occurs.OFTEN,
    means="The proxy was reached and forbids nothing: it answered with a status of 500 or more, which says that its"
    " own connection to {host} did not come about, or that it cannot serve just now. The proxy looks names up itself,"
    " with a resolver of its own.",
    look=(
        "See whether another host is reached through the proxy:",
        _TRY,
        Command("curl -sSv -o /dev/null --max-time 20 https://mcr.microsoft.com/v2/"),
    ),
    fix=(
        "Whoever runs the proxy looks why: its resolver, a firewall behind it, or too many requests.",
        "If {host} has a private address that only this network knows, exempt it with NO_PROXY.",
    ),
    page=_PAGE,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: proxyconnect tcp: Bad Gateway",),
)
PROXY_NO_ANSWER = FailureMode(
    id="proxy-no-answer",
    title="the proxy {proxy} does not answer",
    brief="silent proxy",
    seen=(proxy.PROXY_SILENT,),
    signs=(proxy.PROXY_SILENT,),
    certain="The answer to CONNECT, the request for a way, did not come within the wait for one peer.",
    means="The proxy is stuck or overloaded, or it waits for a connection of its own to {host}, which something behind"
    " it drops. Nothing is said about {host}.",
    look=(
        "See whether another host is reached through the proxy:",
        _TRY,
        Command("curl -sSv -o /dev/null --max-time 20 https://mcr.microsoft.com/v2/"),
    ),
    fix=(
        "If it is not, whoever runs the proxy restarts it, or finds out what it waits for.",
        "If only {host} is not, they let the proxy connect to it on port 443.",
    ),
    instead=("Exempt {host} with NO_PROXY, if this network reaches it without the proxy.",),
    page=_PAGE,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PROXY_ENDS_CONNECTION = FailureMode(
    id="proxy-ends-connection",
    title="the proxy {proxy} does not answer as a proxy does",
    brief="no proxy at the proxy's address",
    seen=(proxy.PROXY_BROKE_OFF,),
    signs=(proxy.PROXY_BROKE_OFF,),
    certain="It took the connection, so it is there; a proxy answers CONNECT in HTTP, whatever it decides.",
    means="The port belongs to something else, or speaks TLS or SOCKS instead of HTTP, or the proxy hangs up on"
    " requests that it does not admit. Nothing is said about {host}.",
    look=(*_SETTINGS, _TRY),
    fix=(
        (
            "Ask who runs the proxy for its scheme and port, and set these in HTTPS_PROXY; that of an HTTP proxy begins"
            " with http://, for https hosts too."
        ),
        "If both are right, they find out in the proxy's log why it hung up.",
    ),
    instead=("Exempt {host} with NO_PROXY, if this network reaches it without the proxy.",),
    page=_PAGE,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: proxyconnect tcp: EOF",),
)
