"""Family ``pipeline``: id tokens that the jobs of CI systems ask their own system for, to show them to Entra."""

from __future__ import annotations

from pytest_acrauth.catalogue.facts import service_time
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.symptoms import id_tokens
from pytest_acrauth.model.credential import SecretShape

_GITHUB = "https://docs.github.com/actions/reference/security/oidc"
_AZURE_DEVOPS = "https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"
_SDK = "https://aka.ms/azsdk/python/identity/azurepipelinescredential/troubleshoot"
#: The same at the beginning of each: nobody has to know what an id token is.
_WHAT = (
    "A job of GitHub Actions or Azure Pipelines shows Entra an id token instead of a secret, and asks its own system"
    " for it with a request token. "
)


def _request_token_ended(broken: Break) -> bool | None:
    """Answer by the request token's own end, None for one that does not tell, or where no service told the time."""
    credential, now = broken.transcript.credential, service_time(broken.transcript)
    if credential.secret is not SecretShape.REQUEST_TOKEN or credential.secret_expires is None or now is None:
        return None
    return now >= credential.secret_expires


REQUEST_TOKEN_ENDED: Question[bool] = Question(
    id="request-token-ended",
    asks="Has the request token of the job ended?",
    shows="request token ended",
    by_hand="Decode the request token's middle part inside the job, and compare exp with date +%s.",
    read=_request_token_ended,
)

CI_ID_TOKEN_NOT_PERMITTED = FailureMode(
    id="ci-id-token-not-permitted",
    title="the job cannot ask for an id token",
    brief="job without the permission",
    seen=(id_tokens.NOT_PERMITTED, id_tokens.FAILED),
    signs=(id_tokens.NOT_PERMITTED,),
    certain="The client read the job's own variables, and the one that says where or with what to ask is not there.",
    occurs=Occurs.OFTEN,
    means=_WHAT + "GitHub gives a job the two variables for that only with the permission to write id tokens, which a"
    " pull request from a fork does not get, unless its repository is private and lets it. Azure Pipelines hands a step"
    " its access token only where the step says so.",
    look=(
        "See which of the variables the job has; this prints no values:",
        Command("env | grep -oE '^(ACTIONS_ID_TOKEN_REQUEST_|SYSTEM_OIDCREQUESTURI|SYSTEM_ACCESSTOKEN)[A-Z_]*'"),
    ),
    fix=(
        (
            "In GitHub Actions, add id-token: write to the permissions of the job, and contents: read where it checks"
            " out; a workflow that it calls gets no more than its caller has."
        ),
        "In Azure Pipelines, add env: SYSTEM_ACCESSTOKEN: $(System.AccessToken) to the step.",
    ),
    page=_GITHUB,
    samples=(
        "Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable",
        "Missing value for the SYSTEM_OIDCREQUESTURI environment variable.",
    ),
    not_emulated="Checks read the variables themselves, and say which is missing before they ask.",
    unlike=(
        "Resource not accessible by integration",
        "Error: environment variable ACTIONS_RUNTIME_TOKEN is not set",
    ),
)
CI_REQUEST_TOKEN_EXPIRED = FailureMode(
    id="ci-request-token-expired",
    title="the job's request token has ended",
    brief="ended request token",
    seen=(id_tokens.REFUSED, id_tokens.FAILED),
    when=(REQUEST_TOKEN_ENDED.is_(True),),
    occurs=Occurs.AT_TIMES,
    means=_WHAT + "The request token says itself when it ends, and this one is past that: the job has run for longer,"
    " or its variables were kept and used outside it. How long one lasts stands on no page.",
    fix=(
        "Run the check in a job of its own, or early in the long one.",
        "Never keep a job's variables: each job, and each run of it, has new ones.",
    ),
    page=_GITHUB,
    unlike=("ExpiredTokenException: The security token included in the request is expired",),
)
CI_ID_TOKEN_REFUSED = FailureMode(
    id="ci-id-token-refused",
    title="the CI system refuses this job an id token",
    brief="request token refused",
    seen=(id_tokens.REFUSED, id_tokens.FAILED),
    when=(REQUEST_TOKEN_ENDED.is_(False),),
    occurs=Occurs.OFTEN,
    means=_WHAT + "The system was reached, and does not take this one, which has not ended: it is another job's or was"
    " cut off on its way into the variable; or, in Azure Pipelines, this pipeline may not use the service connection,"
    " or there is none with that id.",
    look=("In Azure DevOps, the service connection's own page tells its id, and which pipelines may use it.",),
    fix=(
        "Use the variables of this very job; SYSTEM_ACCESSTOKEN is $(System.AccessToken).",
        "Correct the service connection's id, or let its administrator permit this pipeline.",
    ),
    page=_AZURE_DEVOPS,
    unlike=("remote: TF401019: The Git repository with name or identifier app does not exist",),
)
CI_ID_TOKEN_MISSING = FailureMode(
    id="ci-id-token-missing",
    title="what answered the job gave no id token",
    brief="answer without an id token",
    seen=(id_tokens.WITHOUT, id_tokens.FAILED),
    signs=(id_tokens.WITHOUT,),
    certain="The CI system answers its jobs with an id token, or with a refusal.",
    occurs=Occurs.SELDOM,
    means=_WHAT + "Something answered, with a page for people, an error or nothing of use: a gateway or proxy on the"
    " way answers in the system's place, the system itself is in trouble, or the address is not the one that it gave.",
    look=("The answer tells who spoke. GitHub and Azure DevOps say on their status pages when they are in trouble.",),
    fix=(
        "Whoever runs the gateway lets the runner reach the CI system itself.",
        "Leave the address as the system sets it.",
    ),
    page=_SDK,
    unlike=("Failed to get ID token from Google Sign In",),
)
CI_ID_TOKEN_REDIRECTED = FailureMode(
    id="ci-id-token-redirected",
    title="the id token address leads elsewhere",
    brief="redirected request",
    seen=(id_tokens.REDIRECTED,),
    signs=(id_tokens.REDIRECTED,),
    certain="A redirect is the answer itself.",
    occurs=Occurs.SELDOM,
    means=_WHAT + "It must go to the system's own address and nowhere else, so the redirect was not followed and"
    " nothing was sent there. A gateway that wants its users to sign in first answers so, and a system that has moved.",
    fix=(
        "If that host is a gateway's, whoever runs it exempts the CI system's address.",
        "If the system has moved, its administrator corrects the address that it gives its jobs.",
    ),
    page=_SDK,
    unlike=("The request was redirected (302) to the login page of the mirror",),
)
CI_ID_TOKEN_UNREACHABLE = FailureMode(
    id="ci-id-token-unreachable",
    title="the id token address is out of reach",
    brief="CI system out of reach",
    seen=(id_tokens.UNREACHED, id_tokens.FAILED),
    signs=(id_tokens.UNREACHED,),
    certain="No answer came to the request, neither an id token nor a refusal.",
    occurs=Occurs.AT_TIMES,
    means=_WHAT + "The host that ACTIONS_ID_TOKEN_REQUEST_URL or SYSTEM_OIDCREQUESTURI names gave no answer: a firewall"
    " or a proxy stands between, its name is not known here, or its certificate is not trusted. Runners of one's own"
    " reach their system by other hosts, so the job itself may go on.",
    look=(
        "From the runner, see whether the host that was asked answers at all.",
        Command("curl -sSI https://{ci_host}"),
    ),
    fix=(
        "Whoever runs the network lets the runner reach that host on port 443.",
        "If that takes a proxy, set HTTPS_PROXY for the job.",
    ),
    page="https://docs.github.com/actions/concepts/runners/communicating-with-self-hosted-runners",
    unlike=("Failed to connect to github.com port 443: Connection refused",),
)
