"""What can be seen at the entra stage: Entra refuses or is not reached, or a credential gives up before it asks."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.entra_numbers import NUMBERS, Number
from pytest_acrauth.catalogue.shape import Break, Symptom, Words, unseen
from pytest_acrauth.catalogue.symptoms.answers import said_here
from pytest_acrauth.catalogue.symptoms.words import ITS_NAME, aadsts, at_authority, at_sign_in, not_at_service
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns, Entra, Tcp, Trouble
from pytest_acrauth.model.stage import Stage

LOST = (
    r"(?:timeout|timed out|ETIMEDOUT|ECONNREFUSED|E(?:HOST|NET)UNREACH|refused|unreachable|deadline exceeded|no route"
    r"|Max retries)"
)
# The shapes of what proves an application without a secret.
_ASSERTED = {SecretShape.CERTIFICATE, SecretShape.ASSERTION, SecretShape.REQUEST_TOKEN}


# Where Entra names the resource that was asked for, and it is neither the registries' nor the management plane's, whose
# tokens registries take too.
_OTHER_RESOURCE = (
    r".{0,200}?(?:resource principal named|[Rr]esource value from request:|access to resource|service \(?)"
    r" ?(?!.{0,80}?(?:containerregistry|azurecr\.|6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"
    r"|\bmanagement\.(?:core\.|azure\.com|chinacloudapi|usgovcloudapi)))"
)


def _symptom(numbers: tuple[int, ...]) -> Symptom:
    """Return the symptom of a refusal with one of these numbers, whose causes are the same; the first names it."""
    told = [NUMBERS[number] for number in numbers]

    def first(broken: Break) -> bool:
        observation = broken.observation
        if not isinstance(observation, Entra) or not observation.codes or observation.codes[0] not in numbers:
            return False
        return not told[0].of_secret or broken.transcript.credential.secret not in _ASSERTED

    not_before = _OTHER_RESOURCE if told[0].of_resource else ""
    phrases = [phrase for one in told for phrase in one.phrases]
    return Symptom(
        id=f"aadsts-{numbers[0]}",
        stages=() if told[0].in_print else (Stage.ENTRA,),
        when=unseen if told[0].in_print else first,
        says="Entra refused the sign-in, and issued no Entra token.",
        texts=aadsts(*numbers, not_before=not_before) + at_sign_in(*phrases),
    )


def _made() -> Iterator[tuple[Symptom, tuple[int, ...]]]:
    """Yield a symptom with its numbers: one for all that have the same causes, as sure."""
    alike: dict[Number, list[int]] = {}
    for number, told in NUMBERS.items():
        alike.setdefault(told._replace(says="", phrases=()), []).append(number)
    for numbers in map(tuple, alike.values()):
        yield _symptom(numbers), numbers


_MADE = tuple(_made())
_OF_NUMBER = {number: symptom for symptom, numbers in _MADE for number in numbers}
#: The refusals with a number, in the order of the table.
NUMBERED = tuple(symptom for symptom, _ in _MADE)


def refusal(number: int) -> Symptom:
    """Return the symptom of a refusal with a number of the table. Raises KeyError for another."""
    return _OF_NUMBER[number]


def refusals(cause: str) -> tuple[Symptom, ...]:
    """Return the refusals that a cause can show, by its id."""
    return tuple(symptom for symptom, numbers in _MADE if cause in NUMBERS[numbers[0]].causes)


def proofs(cause: str) -> tuple[Symptom, ...]:
    """Return the refusals whose numbers prove a cause by themselves, by its id."""
    told = ((symptom, NUMBERS[numbers[0]]) for symptom, numbers in _MADE)
    return tuple(symptom for symptom, number in told if number.proves and number.causes == (cause,))


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
        rf"no such host|(?:Name or service not known|Could not resolve host){ITS_NAME}",
        rf"getaddrinfo (?:ENOTFOUND|failed){ITS_NAME}",
        rf"(?:No such host is known|remote name could not be resolved){ITS_NAME}",
        r"\bNameResolutionError\b|[Ff]ailed to resolve '",
        rf"nodename nor servname|\bUnknownHostException\b{ITS_NAME}|Name does not resolve",
    ),
)
NOT_INJECTED = _local(
    "workload-identity-not-configured",
    not_at_service(
        r"[Ww]orkload options are not fully configured",
        r"WorkloadIdentityCredential(?: authentication unavailable)?:? .{0,80}?(?:not (?:fully )?configured|not set)",
        r"\bazure (?:tenant|client) id environment variable is empty",
        r"no (?:client ID|tenant ID|token file) specified\. Check pod configuration",
        r"WorkloadIdentityCredential: .{0,80}?(?:is a|are) required parameter",
        r"AZURE_FEDERATED_TOKEN_FILE.{0,60}?(?:not set|missing|required|not specified|not found|empty)",
        r"/var/run/secrets/azure/tokens/azure-identity-token.{0,40}?[Nn]o such file",
    ),
    "The workload identity's variables are not set here.",
)
NO_METADATA = _local(
    "metadata-unreached",
    not_at_service(
        r"ManagedIdentityCredential authentication unavailable, no (?:response|managed identity endpoint)",
        r"[Nn]o managed identity endpoint found",
        r"no response from the IMDS endpoint|[Nn]o response received from the managed identity endpoint",
        r"Failed to connect to MSI|managed identity timed out|[Nn]o MSI found",
        # Other clouds have their metadata at this address, too.
        rf"169\.254\.169\.254.{{0,60}}?/metadata/(?:identity|instance)\b.{{0,250}}?{LOST}",
        r"169\.254\.169\.254.{0,60}?Max retries exceeded with url: /metadata/(?:identity|instance)\b",
        rf"(?:[Mm]anaged ?[Ii]dentity|\bMSI\b).{{0,250}}?169\.254\.169\.254.{{0,250}}?{LOST}",
        rf"(?:[Mm]anaged ?[Ii]dentity|\bMSI\b).{{0,250}}?{LOST}.{{0,60}}?169\.254\.169\.254",
        r"MSI is not available|MSI endpoint is not",
        # MSAL.NET: one after another is tried.
        r"All Managed Identity sources are unavailable|\bIMDSv[12] probe failed\b",
        r"\bmanaged_identity_(?:unreachable_network|all_sources_unavailable)\b",
        r"(?<!EC2 )\bIMDS\b.{0,40}?(?:not available|unavailable|unreachable|timed out)",
        rf"\bManagedIdentityCredential: (?:.{{0,120}}?: )?(?:context deadline exceeded|.{{0,80}}?{LOST})",
    ),
    "The endpoint that gives a managed identity its Entra tokens did not answer.",
)
METADATA_BUSY = _local(
    "metadata-throttled",
    not_at_service(
        r"(?<!EC2 )\bIMDS\b.{0,60}?\b429\b",
        r"169\.254\.169\.254.{0,60}?/metadata/identity\b.{0,300}?(?:\b429\b|[Tt]emporarily throttled)",
    ),
    "The metadata service, which gives a managed identity its Entra tokens, had too many requests from this machine.",
)
#: What is said of a managed identity without the reason: one of those that have words of their own, or another.
METADATA_FAILED = _local(
    "managed-identity-failed",
    not_at_service(
        r"ManagedIdentityCredential authentication unavailable"
        r"(?!, no |.{0,80}?(?:assigned to this|Identity not found|Multiple user))",
        r"The request failed due to a gateway error",
        r"MSI: Failed to (?:retrieve|acquire)(?!.{0,200}?(?:Identity not found|timed? ?out|refused))",
        r"failed to obtain a token from the (?:managed identity|IMDS)",
        r"(?<!EC2 )\bIMDS\b.{0,60}?\b5\d\d\b|169\.254\.169\.254.{0,60}?/metadata/identity\b.{0,200}?[: ]5\d\d [A-Z]",
        r"(?:unable|[Ff]ailed) to (?:find|get) (?:the )?(?:user[- ]assigned (?:managed )?|managed )identity\b(?! bind)",
    ),
    "The managed identity gave no Entra token here.",
)
NO_SUCH_IDENTITY = _local(
    "identity-not-assigned",
    not_at_service(
        r"\"error_description\" ?: ?\"Identity not found\"|invalid_request.{0,30}?Identity not found\b",
        r"ManagedIdentityCredential.{0,120}?(?:: |\) )Identity not found\b",
        r"(?:\baz login (?:--identity|-i)\b|\bmanaged identity\b).{0,120}?(?i:error): Identity not found\b",
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
    not_at_service(r"Multiple user[- ]assigned identities exist"),
    "This machine has several identities, and none was named.",
)
ENVIRONMENT_INCOMPLETE = _local(
    "environment-incomplete",
    not_at_service(
        r"EnvironmentCredential (?:authentication |is )unavailable",
        r"EnvironmentCredential\b.{0,120}?[Ee]nvironment variables are not fully configured",
        r"EnvironmentCredential: (?:missing|incomplete) environment variable",
    ),
    "The credential in the environment is not complete.",
)
NO_CREDENTIAL = _local(
    "no-credential",
    not_at_service(
        r"DefaultAzureCredential failed to retrieve a token from the included credentials",
        r"DefaultAzureCredential: failed to acquire a token",
        r"ChainedTokenCredential failed to retrieve a token",
        r"ChainedTokenCredential authentication failed",
        r"ChainedTokenCredential failed due to an unhandled exception",
        r"CredentialUnavailable(?:Error|Exception)(?!: ManagedIdentityCredential authentication unavailable)",
        r"Azure CLI authentication timed out|Failed to invoke the Azure CLI",
    ),
    "Each credential that was tried failed, for a reason of its own.",
)
ML_COMPUTE_SILENT = _local(
    "ml-compute-silent",
    not_at_service(r"SSO failure, to mitigated? it please try", r"SSO failure: unable to retrieve a token"),
    "The endpoint of an Azure Machine Learning compute instance gave no Entra token.",
)
