"""Symptoms that exist in text only: words that clients print alike for several symptoms that a climb keeps apart."""

from __future__ import annotations

from pytest_acrauth.catalogue.causes import access, basic, challenge, data, exchange, firewall, network, signin
from pytest_acrauth.catalogue.shape import Symptom, unseen
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry, not_elsewhere

NO_CREDENTIAL_SENT = Symptom(
    id="no-credential-sent",
    stages=(),
    when=unseen,
    says="The client asked {login_server} for an access token without any credential, and got none.",
    texts=at_registry(
        r"failed to fetch anonymous token: (?:unexpected status.{0,400}?: )?401",
        r"failed to fetch anonymous token: .{0,400}?unauthorized: ",
        r"no basic auth credentials",
        r"\bno credentials? (?:found|configured|available) for\b",
    ),
    either=(basic.ANONYMOUS_REFUSED,),
)
GENERIC_401 = Symptom(
    id="generic-401",
    stages=(),
    when=unseen,
    says="The registry answered 401 and did not say why.",
    texts=anywhere(r"aka\.ms/acr/authorization")
    + at_registry(
        r"(?i:unauthorized): (?:.{0,60}?: )?authentication required",
        r'"?(?i:UNAUTHORIZED)"?.{0,30}?authentication required',
        r"\b401 Unauthorized\b|\b401 \(Unauthorized\)|status(?: code)?:? ?401\b",
        r"\bunauthorized\b: access (?:token|to)",
        r"pull access denied",
        r"\bImagePullUnauthorized",
        r"is not accessible\. Please check the image and registry credential",
    ),
    either=(NO_CREDENTIAL_SENT, basic.ANONYMOUS_REFUSED, basic.BASIC_REFUSED),
)
LOGIN_REFUSED = Symptom(
    id="login-refused",
    stages=(),
    when=unseen,
    says="{login_server} refused the login; podman and skopeo do not show its words then, but with the first pull.",
    texts=at_registry(r"invalid username/password"),
    either=(basic.BASIC_REFUSED, basic.INVALID_CLIENT, basic.APP_NOT_REGISTERED),
)
FORBIDDEN = Symptom(
    id="forbidden",
    stages=(),
    when=unseen,
    says="The answer to a request to {login_server} was a 403.",
    texts=anywhere(
        r"\bCONNECTIVITY_FORBIDDEN_ERROR\b|connectivity_forbidden_error",
        r"you don't have access to registry '(?P<login_server>[\w.*-]{1,253})'",
    )
    + at_registry(
        r"failed to fetch (?:anonymous|oauth) token: unexpected status.{0,400}?: 403",
        r"failed with status: 403 Forbidden",
        r"\b403 Forbidden\b|\b403 \(Forbidden\)|status(?: code)?:? ?403\b",
    ),
    either=(firewall.DENIED_WITH_IP, challenge.FOREIGN_403),
)
EXCHANGE_403 = Symptom(
    id="exchange-403",
    stages=(),
    when=unseen,
    says="{login_server} refused the exchange with a 403; the client threw away the words that came with it.",
    texts=anywhere(
        r"Access to registry '(?P<login_server>[\w.*-]{1,253})' was denied\. Response code: 403",
        r"ACR token exchange endpoint returned error status: 403",
        r"Www-Authenticate: auth url .{0,200}? responded with status code 403",
    )
    + at_registry(r"/oauth2/exchange.{0,160}?\b403\b"),
    either=(firewall.DENIED_WITH_IP, exchange.BARE_403, exchange.EXCHANGE_REFUSED),
)
NO_NAME = Symptom(
    id="name-not-resolved",
    stages=(),
    when=unseen,
    says="The client could not look {login_server} up, and does not say what the resolver answered.",
    texts=anywhere(
        r"\bCONNECTIVITY_DNS_ERROR\b",
        r"Failed to reach DNS for registry '(?P<login_server>[\w.*-]{1,253})'",
    ),
    either=(network.NXDOMAIN, network.DANGLING_ALIAS, network.RESOLVER_FAILED),
)
GAVE_UP_WAITING = Symptom(
    id="gave-up-waiting",
    stages=(),
    when=unseen,
    says="The client gave up waiting for {login_server}, and does not say what it was waiting for.",
    texts=at_registry(
        r"request canceled while waiting for connection",
        r"Client\.Timeout exceeded while awaiting headers",
        r"context deadline exceeded",
        r"context canceled",
        r"(?:[Cc]onnection|[Rr]equest|[Oo]peration|[Rr]ead) timed out|\bETIMEDOUT\b|ConnectTimeoutError",
        r"\bi/o timeout\b",
    ),
    either=(network.TCP_TIMEOUT, network.PRIVATE_TCP_TIMEOUT, network.RESOLVER_FAILED, network.HANDSHAKE_BROKEN),
)
BROKEN_OFF = Symptom(
    id="connection-broken-off",
    stages=(),
    when=unseen,
    says="A connection on the way to the registry or its layers broke off.",
    texts=at_registry(
        r"connection reset by peer|\bECONNRESET\b|forcibly closed",
        r"unexpected EOF|(?:/v2/.{0,300}?|request): EOF\b",
        r"[Cc]onnection aborted|[Rr]emote end closed connection|broken pipe",
    ),
    either=(network.HANDSHAKE_BROKEN, network.PROXY_REFUSED, challenge.NO_CHALLENGE, data.STORAGE_UNREACHED),
)
NO_SECURE_CONNECTION = Symptom(
    id="no-secure-connection",
    stages=(),
    when=unseen,
    says="The client could not make a TLS connection to {login_server}, and does not say why.",
    texts=anywhere(
        r"\bCONNECTIVITY_SSL_ERROR\b",
        r"Unable to establish a secure connection to the registry '(?P<login_server>[\w.*-]{1,253})'",
    )
    + at_registry(
        r"SSL connection error",
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        r"SSL connection could not be established",
        r"failed to verify certificate",
    ),
    either=(
        network.UNTRUSTED_ISSUER,
        network.CERTIFICATE_DATES,
        network.OTHER_NAME,
        network.HANDSHAKE_BROKEN,
    ),
)
NO_CONNECTION = Symptom(
    id="no-connection",
    stages=(),
    when=unseen,
    says="az could not connect to {login_server}: it says so for names, connections, proxies and certificates alike.",
    texts=anywhere(
        r"Could not connect to the registry login server '(?P<login_server>[\w.*-]{1,253})'",
        r"Could not connect to the registry login server",
    ),
    either=(
        network.NXDOMAIN,
        network.DANGLING_ALIAS,
        network.RESOLVER_FAILED,
        network.TCP_TIMEOUT,
        network.PRIVATE_TCP_TIMEOUT,
        network.CONNECTION_REFUSED,
        network.PROXY_REFUSED,
        network.UNTRUSTED_ISSUER,
        network.CERTIFICATE_DATES,
        network.OTHER_NAME,
        network.HANDSHAKE_BROKEN,
    ),
)
NO_USABLE_CHALLENGE = Symptom(
    id="no-usable-challenge",
    stages=(),
    when=unseen,
    says="az got no challenge from {login_server}; check-health says so for every connection that fails, too.",
    texts=anywhere(
        r"\bCONNECTIVITY_CHALLENGE_ERROR\b",
        r"Registry '(?P<login_server>[\w.*-]{1,253})' did not issue a challenge",
    ),
    either=(
        challenge.NO_CHALLENGE,
        network.TCP_TIMEOUT,
        network.PRIVATE_TCP_TIMEOUT,
        network.CONNECTION_REFUSED,
        network.PROXY_REFUSED,
        network.HANDSHAKE_BROKEN,
    ),
)
TOO_MANY_REQUESTS = Symptom(
    id="access-token-throttled",
    stages=(),
    when=unseen,
    says="{login_server} has too many requests to serve.",
    texts=anywhere(r"Access to registry '(?P<login_server>[\w.*-]{1,253})' was denied\. Response code: 429")
    + at_registry(r"(?i:toomanyrequests)|too many requests to registry"),
    either=(exchange.LOGIN_THROTTLED, access.THROTTLED),
)
EXCHANGE_FAILED = Symptom(
    id="exchange-failed",
    stages=(),
    when=unseen,
    says="az got no refresh token from {login_server}, and does not say what was answered.",
    texts=anywhere(r"\bCONNECTIVITY_REFRESH_TOKEN_ERROR\b"),
    either=(EXCHANGE_403, firewall.DENIED_WITH_IP, exchange.BARE_403, exchange.EXCHANGE_REFUSED),
)
ACCESS_TOKEN_FAILED = Symptom(
    id="access-token-failed",
    stages=(),
    when=unseen,
    says="az got no access token that it was content with from {login_server}.",
    texts=anywhere(r"\bCONNECTIVITY_ACCESS_TOKEN_ERROR\b"),
    either=(TOO_MANY_REQUESTS, EXCHANGE_403, access.RIGHTS_MISSING, access.NOTHING_GRANTED, exchange.EXCHANGE_REFUSED),
)
LAYERS_UNREACHED = Symptom(
    id="layers-unreached",
    stages=(),
    when=unseen,
    says="The manifest was read, and the layers could not be.",
    texts=not_elsewhere(
        r"error pulling image configuration: download failed",
        r"httpReadSeeker: failed open: failed to do request",
    ),
    either=(data.STORAGE_UNREACHED, data.DATA_ENDPOINT_UNREACHED),
)
INTERACTION_NEEDED = Symptom(
    id="interaction-needed",
    stages=(),
    when=unseen,
    says="Entra wants the user to sign in again, and the client does not say why.",
    texts=anywhere(r"Interactive authentication is needed", r"\binteraction_required\b"),
    either=(signin.AADSTS_700082, signin.AADSTS_50076, signin.AADSTS_53003),
)
