"""Family ``workload``: federated credentials: a token of another issuer instead of a secret."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.directory import Trusted, trusted
from pytest_acrauth.catalogue.questions.refusals import Times, times
from pytest_acrauth.catalogue.shape import Command, Condition, FailureMode, Instruction, Occurs, Question
from pytest_acrauth.catalogue.symptoms import entra, tls
from pytest_acrauth.model.evidence import Need

_LIST: tuple[Instruction, ...] = (
    "If it is a user-assigned managed identity, as usual on AKS, see what that one trusts:",
    Command("az identity federated-credential list --identity-name IDENTITY_NAME -g RESOURCE_GROUP"),
)
_ADD: tuple[Instruction, ...] = (
    (
        "If what was presented is to be trusted, and no identity binding of AKS is meant, an owner of the application"
        " adds it. Whoever runs with that subject can then act as the application:"
    ),
    Command(
        "az ad app federated-credential create --id {client_id} --parameters"
        """ '{{"name":"NAME","issuer":"{presented_issuer}","subject":"{presented_subject}","""
        """"audiences":["{presented_audience}"]}}'"""
    ),
)
_ADD_TO_IDENTITY: tuple[Instruction, ...] = (
    "To a managed identity, as usual on AKS without identity bindings, a Managed Identity Contributor adds it:",
    Command(
        "az identity federated-credential create --name NAME --identity-name IDENTITY_NAME -g RESOURCE_GROUP"
        " --issuer {presented_issuer} --subject {presented_subject} --audiences {presented_audience}"
    ),
)
TRUSTED: Question[Trusted] = Question(
    id="federated-credentials",
    asks="Whose tokens does the application take, and which was presented?",
    shows="federated credentials",
    by_hand=Command(
        'az ad app federated-credential list --id {client_id} --query "[].{{issuer:issuer,subject:subject}}" -o table'
    ),
    needs=Need.FEDERATED,
    compares=True,
    read=trusted,
)
TIMES: Question[Times] = Question(
    id="entra-times",
    asks="Which times did Entra compare?",
    shows="times that Entra compared",
    by_hand="Entra's message names its own time and those of the assertion; compare the first with date -u.",
    read=times,
)


def _differs(part: str, words: str) -> Condition:
    return TRUSTED.where(words, lambda trusted: trusted.differs(part))


def _ended_by_itself(times: Times) -> bool | None:
    """Whether an assertion has ended and no clock explains it, None where one may."""
    return times.ended and (None if times.by_clock is None else not times.by_clock)


ENTRA_FIC_MISSING = FailureMode(
    id="entra-fic-missing",
    title="{client_id} has no federated credential",
    brief="no federated credential",
    seen=entra.refusals("entra-fic-missing"),
    when=(TRUSTED.where("none", lambda trusted: not trusted.credentials),),
    occurs=Occurs.OFTEN,
    means="A federated credential says which outside token an application trusts instead of a secret, and this"
    " application trusts none. It was not made yet, or was made on another application or managed identity of a like"
    " name; the client id decides.",
    look=_LIST,
    fix=(
        "If another application has the credential, give this caller that one's client id.",
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=("No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",),
)
ENTRA_FIC_SUBJECT_MISMATCH = FailureMode(
    id="entra-fic-subject-mismatch",
    title="no federated credential takes this subject",
    brief="subject not trusted",
    seen=entra.refusals("entra-fic-subject-mismatch"),
    when=(_differs("subject", "none of this issuer takes the subject"),),
    occurs=Occurs.OFTEN,
    means="A federated credential says which outside token an application trusts instead of a secret. The subject says"
    " who the token is for, and is compared letter by letter, small and capital letters too: another branch,"
    " environment or tag, a renamed repository or another service account is another subject. In GitHub Actions a job"
    " with an environment is named by that and not by its branch, and newer repositories also by ids that never change"
    " (owner@ID/repository@ID). A flexible credential (AADSTS7002131) has an expression in its place, which az may not"
    " show. On AKS with identity bindings the cluster keeps the credential itself, and none has to be added.",
    look=_LIST,
    fix=(
        (
            "Run from the branch, tag, environment or service account that the credential names; where the list has no"
            " subject, its owner corrects the expression of the flexible credential."
        ),
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=(
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "The given credential is rejected by the attribute condition.",
    ),
)
ENTRA_FIC_ISSUER_MISMATCH = FailureMode(
    id="entra-fic-issuer-mismatch",
    title="no federated credential takes this issuer",
    brief="issuer not trusted",
    seen=entra.refusals("entra-fic-issuer-mismatch"),
    when=(_differs("issuer", "none takes this issuer"),),
    means="A federated credential says which outside token an application trusts instead of a secret. The issuer is the"
    " address of the service that made the token, compared letter by letter, a slash at its end included. An AKS"
    " cluster that was made anew has another, and a service connection of Azure DevOps that was converted names Entra"
    " in the place of vstoken.dev.azure.com.",
    look=_LIST,
    fix=(
        "Present a token of the issuer that the credential names.",
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=(
        "jwt issuer invalid. expected: https://auth.example.com",
        "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
    ),
)
ENTRA_FIC_AUDIENCE_MISMATCH = FailureMode(
    id="entra-fic-audience-mismatch",
    title="no federated credential has this audience",
    brief="audience not trusted",
    seen=entra.refusals("entra-fic-audience-mismatch"),
    signs=entra.proofs("entra-fic-audience-mismatch"),
    certain="AADSTS700212 and 7002121 are about the audience that was presented; its issuer and subject are trusted.",
    when=(_differs("audience", "issuer and subject fit, and the audience does not"),),
    means="A federated credential says which outside token an application trusts instead of a secret. The audience"
    " says for whom the token was made, and both sides have to name the same: api://AzureADTokenExchange in the public"
    " cloud, api://AzureADTokenExchangeUSGov and api://AzureADTokenExchangeChina in those clouds.",
    look=_LIST,
    fix=(
        (
            "Ask the issuer for the audience that the credential names: the input audience of the GitHub action, the"
            " audience of the service account's token in Kubernetes."
        ),
        "If the credential names the wrong one, its owner changes it in the application or the managed identity.",
    ),
    page=pages.FEDERATION + "config-app-trust-managed-identity#important-considerations-and-restrictions",
    unlike=(
        "jwt audience invalid. expected: https://api.example.com",
        "InvalidIdentityToken: Incorrect token audience",
    ),
)
ENTRA_FIC_ASSERTION_EXPIRED = FailureMode(
    id="entra-fic-assertion-expired",
    title="the assertion had ended when it was shown",
    brief="ended assertion",
    seen=entra.refusals("entra-fic-assertion-expired"),
    when=(TIMES.where("the assertion has ended, and no clock explains it", _ended_by_itself),),
    occurs=Occurs.OFTEN,
    means="An assertion is the short-lived token that a pipeline or a cluster shows Entra instead of a secret; its"
    " issuer says until when it counts, a pipeline's often for minutes. A client that keeps it and asks for another"
    " Entra token later, such as az acr login some time after the login, presents one that has ended.",
    fix=(
        "Sign in again, and let what needs the registry follow at once, in the same step of the job.",
        "A long job signs in again before each use; a program reads the token's file anew each time.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "ExpiredTokenException: The security token included in the request is expired",
        "TokenExpiredError: jwt expired",
    ),
)
ENTRA_FIC_ISSUER_UNREACHABLE = FailureMode(
    id="entra-fic-issuer-unreachable",
    title="Entra cannot fetch the issuer's keys",
    brief="issuer's keys out of reach",
    seen=entra.refusals("entra-fic-issuer-unreachable"),
    signs=entra.proofs("entra-fic-issuer-unreachable"),
    certain="AADSTS90061 says that Entra's own request to the issuer failed.",
    means="A federated credential says which outside token an application trusts, by the service that issues it. To"
    " check such a token's signature, Entra reads the issuer's keys over the internet. A private cluster, a firewall or"
    " a wrong address keeps it from doing so.",
    look=(
        "From the internet, not from inside, see whether this and the jwks_uri that it names answer:",
        Command("curl -sS ISSUER/.well-known/openid-configuration"),
    ),
    fix=(
        "Correct the issuer's address where it is wrong.",
        "Whoever runs the issuer lets the internet read these two, which hold public keys only.",
    ),
    instead=("Use an issuer that answers there: AKS offers one, whether or not the cluster is private.",),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html"
    "#aadsts90061-request-to-external-oidc-endpoint-failed",
    unlike=(
        "oidc: issuer did not match the issuer returned by provider",
        "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider",
    ),
)
ENTRA_FIC_ENTRA_TOKEN = FailureMode(
    id="entra-fic-entra-token",
    title="a token that Entra issued is no proof here",
    brief="Entra's own token as an assertion",
    seen=entra.refusals("entra-fic-entra-token"),
    signs=entra.proofs("entra-fic-entra-token"),
    certain="The number says that the token that was shown as a proof is one of Entra's own.",
    occurs=Occurs.SELDOM,
    means="A federated credential lets an application show a token of another service instead of a secret. What was"
    " shown is a token that Entra itself issued. Of those a managed identity's counts alone, made for such an exchange"
    " and in the application's own tenant: not a user's (700229), another application's (700226) or one of another"
    " tenant (700236).",
    look=(
        (
            "See, without printing it, whose token is shown: AZURE_FEDERATED_TOKEN_FILE names a file, and iss in the"
            " token's middle part says who made it."
        ),
    ),
    fix=(
        "Show the token of the pipeline, cluster or cloud that the federated credential names.",
        "Between identities of Entra's, use a managed identity of the application's own tenant.",
    ),
    page=pages.FEDERATION + "config-app-trust-managed-identity#important-considerations-and-restrictions",
    samples=("AADSTS700222: AAD-issued tokens may not be used for federated identity flows.",),
    unlike=("jwt issuer invalid. expected: https://auth.example.com",),
)
ENTRA_FIC_TENANT_POLICY = FailureMode(
    id="entra-fic-tenant-policy",
    title="the tenant refuses tokens of this issuer",
    brief="tenant's rule on issuers",
    seen=entra.refusals("entra-fic-tenant-policy"),
    signs=entra.proofs("entra-fic-tenant-policy"),
    certain="The number tells of a rule of the whole tenant, whatever its applications trust.",
    occurs=Occurs.SELDOM,
    means="A federated credential says which outside token an application trusts instead of a secret. Above it,"
    " administrators can rule for the whole tenant that no such token counts, or of an issuer only those of certain"
    " organisations (enterprise, 7002381), such as the one that a repository belongs to. No change of the credential"
    " helps then.",
    look=("Entra's message names the issuer, and with 7002381 what it wants and what it got.",),
    fix=(
        "Run the job where the organisation is one of those: in a repository that belongs to it.",
        "Or ask the tenant's administrators to admit the issuer.",
    ),
    instead=("A job on a machine in Azure signs in with that machine's managed identity, which needs no such token.",),
    page=pages.ENTRA_ERROR,
    unlike=("The given credential is rejected by the attribute condition.",),
)
ENTRA_FIC_PROPAGATING = FailureMode(
    id="entra-fic-propagating",
    title="a new federated credential is not yet in effect",
    brief="new federated credential",
    seen=entra.refusals("entra-fic-propagating"),
    when=(TRUSTED.where("one takes more of what was presented than Entra knew of", lambda trusted: trusted.newer),),
    occurs=Occurs.SELDOM,
    means="A federated credential says which outside token an application trusts instead of a secret. A new one takes"
    " some minutes until every part of Entra knows it; until then a sign-in works at times and fails at others.",
    look=("Entra's audit log says when the credential was made or changed.",),
    fix=(
        "If it differs from what was presented, its owner corrects it first: both are compared letter by letter.",
        "Wait some minutes after the last change, then check again; let the job try more than once.",
    ),
    page=pages.FEDERATION + "considerations#time-for-federated-credential-changes-to-propagate",
    transient=True,
    unlike=("AADSTS700212: No matching federated identity record found for presented assertion audience 'sts'.",),
)
CLOCK_SKEW = FailureMode(
    id="clock-skew",
    title="a clock is wrong: this machine's or the signer's",
    brief="wrong clock",
    seen=(*entra.refusals("clock-skew"), tls.CERTIFICATE_DATES, tls.DATES_BY_CLOCK),
    signs=(tls.DATES_BY_CLOCK,),
    certain="The services' clock is that of the answers that came in this climb.",
    when=(TIMES.where("the times differ by a wrong clock", lambda it: it.by_clock),),
    means="A certificate is judged by this machine's clock. An assertion (what is shown to Entra instead of a secret)"
    " carries the times between which it counts, by the clock of whoever signed it: this machine, or the pipeline or"
    " cluster that issued it.",
    look=(
        "Compare the clock of this machine, or of the one that signed, with the services' time:",
        Command("date -u"),
    ),
    fix=(
        "That machine's administrator turns on its clock's synchronisation; on Linux with systemd:",
        Command("sudo timedatectl set-ntp true"),
    ),
    page=pages.ENTRA_CODES,
    unlike=(
        "RequestTimeTooSkewed: The difference between the request time and the current time is too large.",
        "Clock skew detected. Your build may be incomplete.",
    ),
)
