"""Family ``challenge``: what answers at the login server does not ask for authentication as a registry does."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import challenge

CHALLENGE_MISSING = FailureMode(
    id="challenge-missing",
    title="{login_server} did not issue a challenge",
    seen=(challenge.NO_CHALLENGE,),
    means="A registry answers an unauthenticated request to /v2/ with 401 and says where tokens are had. This"
    " answer came from something else, such as a captive portal or a proxy, or from a registry in trouble.",
    fix=(
        Command("curl -sSi https://{login_server}/v2/"),
        "If the answer is a proxy's or a portal's page, let this machine reach {login_server} directly.",
        "If it is the registry's own, try again, then open a support case with correlation id {correlation_id}.",
    ),
    page=pages.HEALTH + "#connectivity_challenge_error",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
CHALLENGE_OPEN = FailureMode(
    id="challenge-open",
    title="{login_server} asks for no authentication at all",
    seen=(challenge.OPEN,),
    means="An Azure Container Registry challenges every client, even where anonymous pull is on. What answers"
    " here is another kind of registry, so nothing about authentication can be checked.",
    fix=(
        Command("nslookup {login_server}"),
        "Point the name at the Azure registry, or check the registry that is meant with --acr-registry.",
    ),
    page=pages.PROTOCOL,
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
CHALLENGE_NOT_BEARER = FailureMode(
    id="challenge-not-bearer",
    title="{login_server} does not offer token authentication",
    seen=(challenge.OTHER_SCHEME,),
    means="The challenge has the scheme {scheme} and no realm and service for a token. That is not how an Azure"
    " registry asks: it may be a connected registry, another product, or a proxy that rewrites headers.",
    fix=(
        Command("curl -sSi https://{login_server}/v2/"),
        "Compare the Www-Authenticate header with the same request from another network; a difference is a proxy's.",
        "For a connected registry, use a scope-map token made for it.",
    ),
    page=pages.HEALTH + "#connectivity_aad_login_error",
    az_code="CONNECTIVITY_AAD_LOGIN_ERROR",
)
CHALLENGE_FOREIGN_REALM = FailureMode(
    id="challenge-foreign-realm",
    title="{login_server} sends its clients to another host for tokens; nothing was sent there",
    seen=(challenge.REALM_ELSEWHERE,),
    means="An Azure registry is its own token server: realm and login server are one host, over https. The realm"
    " here is {realm}. Whoever answers there would receive the credentials, so the climb stopped.",
    fix=(
        Command("curl -sSi https://{login_server}/v2/"),
        "Use the registry's own login server instead of a custom domain or a proxy in front of it.",
        "If no such proxy is meant to be there, treat it as an interception and tell who runs the network.",
    ),
    page=pages.PROTOCOL,
)
