"""What can be seen at the entra stage: Entra refuses or is not reached, or a credential gives up before it asks."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom, Words
from pytest_acrauth.catalogue.symptoms.answers import said_here
from pytest_acrauth.catalogue.symptoms.words import GUID, aadsts, anywhere, at_authority
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns, Entra, Tcp, Trouble
from pytest_acrauth.model.stage import Stage

_LOST = r"(?:timeout|timed out|ETIMEDOUT|refused|unreachable|deadline exceeded|no route|Max retries)"
# The shapes of what proves an application without a secret.
_ASSERTED = {SecretShape.CERTIFICATE, SecretShape.ASSERTION}


# Where Entra names the resource that was asked for, and it is another than the registries'.
_OTHER_RESOURCE = (
    r".{0,200}?(?:resource principal named|[Rr]esource value from request:|service \(?)"
    r" ?(?!.{0,80}?(?:containerregistry|azurecr\.|6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26))"
)


def _refused(*numbers: int, phrases: tuple[str, ...] = (), not_before: str = "", of_secret: bool = False) -> Symptom:
    """Return the symptom of a refusal with one of these codes, named by the first; ``phrases`` say it without one.

    ``of_secret`` codes are about a secret: of an identity that shows an assertion instead, they say nothing known.
    """

    def first(broken: Break) -> bool:
        observation = broken.observation
        if not isinstance(observation, Entra) or not observation.codes or observation.codes[0] not in numbers:
            return False
        return not of_secret or broken.transcript.credential.secret not in _ASSERTED

    return Symptom(
        id=f"aadsts-{numbers[0]}",
        stages=(Stage.ENTRA,),
        when=first,
        says="Entra refused the sign-in, and issued no Entra token.",
        texts=aadsts(*numbers, not_before=not_before) + anywhere(*phrases),
    )


def _unreached(broken: Break) -> bool:
    tcp = facts.broken_part(broken)
    if not isinstance(tcp, Tcp) or tcp.tunnel is not None:
        return False
    troubles = {attempt.trouble for attempt in tcp.attempts}
    # What refused, and what no route leads to, is told by those; here nothing came back, or a reset.
    return Trouble.REFUSED not in troubles and troubles != {Trouble.UNREACHABLE}


def _authority_unknown(broken: Break) -> bool:
    dns = facts.broken_part(broken)
    if not isinstance(dns, Dns) or dns.resolution is None:
        return False
    return dns.resolution.outcome in {Resolved.NO_SUCH_NAME, Resolved.NO_ADDRESS}


def _local(name: str, texts: tuple[Words, ...], says: str) -> Symptom:
    """Return a symptom that the Azure SDK or the host words itself, before or instead of an answer of Entra's."""
    return Symptom(id=name, stages=(Stage.ENTRA,), when=said_here(texts), says=says, texts=texts)


# Of an application and its secret, or of the tenant.
AADSTS_7000215 = _refused(
    7000215,
    phrases=(r"Invalid client secret (?:is )?provided", r"is the client secret value, not the client secret ID"),
    of_secret=True,
)
AADSTS_50012 = _refused(50012)
AADSTS_7000222 = _refused(
    7000222,
    phrases=(rf"provided client secret keys(?: for app '(?P<client_id>{GUID})')? are expired",),
    of_secret=True,
)
AADSTS_700016 = _refused(
    700016,
    700011,
    phrases=(
        rf"Application with identifier '(?P<client_id>{GUID})' was not found in the directory",
        r"Application with identifier '.{1,80}?' was not found in the directory",
    ),
)
AADSTS_70001 = _refused(70001)
AADSTS_7000229 = _refused(7000229, phrases=(r"is missing service principal in the tenant",))
AADSTS_7000218 = _refused(
    7000218, phrases=(r"must contain the following parameter: 'client_assertion' or 'client_secret'",)
)
AADSTS_90002 = _refused(90002, phrases=(r"Tenant '?.{1,80}?'? not found\. (?:Check to make sure|This may happen)",))
AADSTS_900023 = _refused(
    900023, 900021, phrases=(r"Specified tenant identifier '?.{1,80}?'? is neither a valid DNS name",)
)

# Of policy, state or consent.
AADSTS_50076 = _refused(
    50076,
    50072,
    50074,
    50078,
    50079,
    53004,
    phrases=(
        r"you must use multi-factor authentication to access",
        r"you must enroll in multi-factor authentication",
    ),
)
AADSTS_50158 = _refused(50158)
AADSTS_53003 = _refused(
    53003,
    *(50005, 50131, 53000, 53001, 53002),
    *(530001, 530002, 530003, 530004, 530005, 530021, 530032),
    phrases=(
        r"blocked by Conditional Access policies",
        r"Your device is required to be managed",
        r"\bDevice is not in required device state",
    ),
)
AADSTS_50097 = _refused(50097)
AADSTS_530035 = _refused(530035)
AADSTS_53011 = _refused(53011, 530034)
AADSTS_700082 = _refused(
    700082,
    *(700084, 70008, 70043, 50173, 50132, 50133, 50089),
    phrases=(
        r"[Tt]he refresh token has expired",
        r"provided grant has expired due to it being revoked",
        r"refresh token has expired or is invalid due to sign-in frequency",
    ),
)
AADSTS_50126 = _refused(
    50126,
    *(50055, 50056, 50057),
    phrases=(r"Error validating credentials due to invalid username or password",),
)
AADSTS_50053 = _refused(50053)
AADSTS_50020 = _refused(
    50020,
    *(50034, 500021, 500022, 500212, 500213, 90072, 16000, 51004),
    phrases=(
        r"from identity provider '?.{1,120}?'? does not exist in tenant",
        r"[Tt]he user account .{1,120}? does not exist in the .{1,120}? directory",
    ),
)
AADSTS_65001 = _refused(65001, 90094, phrases=(r"has not consented to use the application",))
AADSTS_50105 = _refused(50105, 501051, phrases=(r"is not assigned to a role for the application",))
AADSTS_500011 = _refused(
    500011,
    *(50001, 650052),
    phrases=(r"resource principal named .{0,80}?(?:containerregistry|azurecr\.).{0,120}? was not found in the tenant",),
    not_before=_OTHER_RESOURCE,
)
AADSTS_650057 = _refused(650057, not_before=_OTHER_RESOURCE)
AADSTS_70011 = _refused(70011)
AADSTS_7000112 = _refused(7000112, phrases=(r"Application '[0-9a-f-]{36}'\(.{0,120}?\) is disabled",))
AADSTS_700027 = _refused(
    700027,
    *(700030, 700021, 50048),
    phrases=(
        r"[Cc]lient assertion (?:contains an invalid signature|failed signature validation)",
        r"certificate used to sign the client assertion",
    ),
)
AADSTS_700023 = _refused(700023)
AADSTS_50027 = _refused(50027)
AADSTS_50013 = _refused(50013, 500133)
AADSTS_50196 = _refused(50196, 90055, 90033, 90006)
AADSTS_90038 = _refused(90038, 900382, 900432, 1000104)

# Of a federated credential.
AADSTS_70025 = _refused(70025, phrases=(r"has no configured federated identity credentials",))
AADSTS_70021 = _refused(
    70021,
    # The text of the numbered siblings goes on after "assertion": with subject, issuer or audience.
    phrases=(r"presented assertion\. Assertion Issuer",),
)
AADSTS_700213 = _refused(700213, 7002131, 7002121, phrases=(r"record found for presented assertion subject",))
AADSTS_700211 = _refused(
    700211, 700222, phrases=(r"record found for presented assertion issuer", r"AAD-issued tokens may not be used for")
)
AADSTS_700212 = _refused(700212, phrases=(r"record found for presented assertion audience",))
AADSTS_700024 = _refused(700024, phrases=(r"[Cc]lient assertion is not within its valid time range",))
AADSTS_90061 = _refused(90061, phrases=(r"Request to External OIDC endpoint failed",))

# Before Entra answers anything.
AUTHORITY_UNREACHED = Symptom(
    id="authority-unreached",
    stages=(Stage.ENTRA,),
    when=_unreached,
    says="No connection to {host} came about at {addresses}, so no Entra token could be asked for.",
    texts=at_authority(
        r"(?<!proxyconnect tcp: )dial tcp [\[\]\w.:]{1,60}: (?:i/o timeout|connect: connection timed out)",
        r"ConnectTimeoutError|[Cc]onnection to [\w.]{1,80} timed out",
    ),
)
AUTHORITY_UNKNOWN = Symptom(
    id="authority-name-unknown",
    stages=(Stage.ENTRA,),
    when=_authority_unknown,
    says="The resolver knows no name {host}, which is Entra's own.",
    texts=at_authority(
        r"no such host|Name or service not known|Could not resolve host",
        r"getaddrinfo (?:ENOTFOUND|failed)|No such host is known|remote name could not be resolved",
        r"nodename nor servname|\bUnknownHostException\b|Name does not resolve",
    ),
)
NOT_INJECTED = _local(
    "workload-identity-not-configured",
    anywhere(
        r"[Ww]orkload options are not fully configured",
        r"WorkloadIdentityCredential(?: authentication unavailable)?:? .{0,80}?(?:not (?:fully )?configured|not set)",
        r"no (?:client ID|tenant ID|token file) specified\. Check pod configuration",
        r"AZURE_FEDERATED_TOKEN_FILE.{0,60}?(?:not set|missing|required|not specified|not found|empty)",
        r"/var/run/secrets/azure/tokens/azure-identity-token.{0,40}?[Nn]o such file",
    ),
    "The workload identity's variables are not set here.",
)
NO_METADATA = _local(
    "metadata-unreached",
    anywhere(
        r"ManagedIdentityCredential authentication unavailable, no (?:response|managed identity endpoint)",
        r"[Nn]o managed identity endpoint found",
        r"no response from the IMDS endpoint",
        r"Failed to connect to MSI|managed identity timed out|[Nn]o MSI found",
        # Other clouds have their metadata at this address, too.
        rf"169\.254\.169\.254.{{0,60}}?/metadata/(?:identity|instance)\b.{{0,250}}?{_LOST}",
        r"169\.254\.169\.254.{0,60}?Max retries exceeded with url: /metadata/(?:identity|instance)\b",
        rf"(?:[Mm]anaged ?[Ii]dentity|\bMSI\b).{{0,250}}?169\.254\.169\.254.{{0,250}}?{_LOST}",
        rf"(?:[Mm]anaged ?[Ii]dentity|\bMSI\b).{{0,250}}?{_LOST}.{{0,60}}?169\.254\.169\.254",
        r"MSI is not available|MSI endpoint is not",
        r"(?<!EC2 )\bIMDS\b.{0,40}?(?:not available|unavailable|unreachable|timed out)",
    ),
    "The endpoint that gives a managed identity its Entra tokens did not answer.",
)
#: What is said of a managed identity without the reason: one of those that have words of their own, or another.
METADATA_FAILED = _local(
    "managed-identity-failed",
    anywhere(
        r"ManagedIdentityCredential authentication unavailable"
        r"(?!, no |.{0,80}?(?:assigned to this|Identity not found|Multiple user))",
        r"The request failed due to a gateway error",
        r"MSI: Failed to (?:retrieve|acquire)(?!.{0,200}?(?:Identity not found|timed? ?out|refused))",
        r"failed to obtain a token from the (?:managed identity|IMDS)",
        r"(?:unable|[Ff]ailed) to (?:find|get) (?:the )?(?:user[- ]assigned (?:managed )?|managed )identity\b(?! bind)",
    ),
    "The managed identity gave no Entra token here.",
)
NO_SUCH_IDENTITY = _local(
    "identity-not-assigned",
    anywhere(
        r"\"error_description\" ?: ?\"Identity not found\"|invalid_request.{0,30}?Identity not found\b",
        r"No User Assigned or Delegated Managed Identity found",
        r"[Nn]o (?:default )?identity (?:has been|is) assigned to this resource",
        r"requested identity (?:hasn't|has not|isn't|is not)(?: been)? assigned to this resource",
        r"no azure identity found for request",
        r"user[- ]assigned (?:managed )?identity .{0,120}?(?:not found|does not exist)(?! in (?:resource|subscr))",
    ),
    "The metadata service answers, and says that this machine has no such identity.",
)
SEVERAL_IDENTITIES = _local(
    "several-identities",
    anywhere(r"Multiple user[- ]assigned identities exist"),
    "This machine has several identities, and none was named.",
)
ENVIRONMENT_INCOMPLETE = _local(
    "environment-incomplete",
    anywhere(
        r"EnvironmentCredential authentication unavailable",
        r"EnvironmentCredential\b.{0,120}?[Ee]nvironment variables are not fully configured",
        r"EnvironmentCredential: (?:missing|incomplete) environment variable",
    ),
    "The credential in the environment is not complete.",
)
NO_CREDENTIAL = _local(
    "no-credential",
    anywhere(
        r"DefaultAzureCredential failed to retrieve a token from the included credentials",
        r"DefaultAzureCredential: failed to acquire a token",
        r"ChainedTokenCredential failed to retrieve a token",
        r"ChainedTokenCredential authentication failed",
        r"CredentialUnavailableError|CredentialUnavailableException",
    ),
    "Each credential that was tried failed, for a reason of its own.",
)
