"""Family ``challenge``: what answers at the login server does not ask for authentication as a registry does."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import challenge

_ASK = Command("curl -sSi --max-time 20 https://{login_server}/v2/")
_RESOLVE = Command("nslookup {login_server}")

CHALLENGE_MISSING = FailureMode(
    id="challenge-missing",
    title="{login_server} did not issue a challenge",
    brief="no challenge",
    seen=(challenge.NO_CHALLENGE, challenge.NOT_FOUND),
    signs=(challenge.NO_CHALLENGE,),
    certain="An answer to /v2/ came, and it is none that a registry gives: no challenge, or a page, or no HTTP at all.",
    means="A registry answers an unauthenticated request to /v2/ with 401 and says where access tokens are had: the"
    " challenge. What was seen came from something else, such as a captive portal or a proxy, or from a registry in"
    " trouble.",
    look=(_ASK,),
    fix=(
        "If a portal or a proxy answers, sign in there, or have this machine exempted from it.",
        "If the registry itself does, try again, then open a support case with {correlation_id}.",
    ),
    page=pages.HEALTH + "#connectivity_challenge_error",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PAGE_ON_THE_WAY = FailureMode(
    id="page-on-the-way",
    title="something on the way answered in place of {host}",
    brief="answer from something on the way",
    seen=(challenge.ANOTHER_KIND,),
    signs=(challenge.ANOTHER_KIND,),
    certain="Azure's hosts mark all of their answers; this one has no mark, and is a success or leads elsewhere.",
    means="A token, a manifest or a layer was asked for, and what came is somebody else's: most often the page of a"
    " portal where this network's users sign in or accept its terms, or what a proxy that opens TLS puts in the place"
    " of what it holds back. Nothing is said about the identity.",
    look=(
        "See who answers; a portal sends on to its own address (Location):",
        Command("curl -sSi --max-time 20 https://{host}/"),
    ),
    fix=(
        "If a portal does, sign in there, or let whoever runs it admit this machine without a browser.",
        "If a proxy does, whoever runs it lets what {host} answers through unchanged.",
    ),
    page=pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy",
)
CHALLENGE_OPEN = FailureMode(
    id="challenge-open",
    title="{login_server} asks for no authentication at all",
    brief="registry that is not Azure's",
    seen=(challenge.OPEN,),
    signs=(challenge.OPEN,),
    certain="That was a registry's own answer, in JSON and with its header; an Azure registry answers 401.",
    means="This is not an Azure Container Registry: it let everyone in without a sign-in, which Azure's never does,"
    " even where anonymous pull is on.",
    look=(_RESOLVE, _ASK),
    fix=("Point the name at the Azure registry, or give the registry that is meant to --acr-registry.",),
    page=pages.PROTOCOL,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
CHALLENGE_NOT_BEARER = FailureMode(
    id="challenge-not-bearer",
    title="{login_server} offers no token authentication",
    brief="no token authentication",
    seen=(challenge.OTHER_SCHEME,),
    signs=(challenge.OTHER_SCHEME,),
    certain="An Azure registry's challenge names the scheme bearer, a realm and a service; this one does not.",
    means="An Azure registry asks for a bearer token and names its token server (the realm) and itself (service). Not"
    " all of that is here, where the scheme is {scheme}: it may be a connected registry, another product, or a proxy"
    " that rewrites headers.",
    look=(
        "Compare Www-Authenticate with the same request elsewhere; a difference is a proxy's:",
        _ASK,
    ),
    fix=(
        "Take what rewrites the header out of the way, or use the Azure registry's own login server.",
        "A connected registry knows no Entra identities: log in there with a client token made for it.",
    ),
    page=pages.HEALTH + "#connectivity_aad_login_error",
    az_code="CONNECTIVITY_AAD_LOGIN_ERROR",
)
CHALLENGE_FOREIGN_REALM = FailureMode(
    id="challenge-foreign-realm",
    title="{login_server} names a foreign token server",
    brief="foreign token server",
    seen=(challenge.REALM_ELSEWHERE,),
    signs=(challenge.REALM_ELSEWHERE,),
    certain="No Azure registry names another origin than its login server's as the realm.",
    means="An Azure registry is its own token server: the realm, where clients get access tokens, is the login server"
    " over https. Here it is {realm}. Whoever answers there would receive the credentials, so nothing was sent.",
    look=(_ASK, _RESOLVE),
    fix=(
        "Use the registry's own login server instead of a custom domain or a proxy in front of it.",
        "If no such proxy is meant to be there, treat it as an interception: tell who runs the network.",
    ),
    page=pages.PROTOCOL,
)
