"""Family ``services``: services of Azure that build, deploy or run images: tasks, App Service, Container Apps, ACI."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs
from pytest_acrauth.catalogue.symptoms import services, text

_NO_TASK = "A task runs on a machine of Azure's, and a check runs in none."
_TASK_UNSEEN = "A text does not show how the task was set up, nor the registry's role mode."

ABAC_TASK_IDENTITY = FailureMode(
    id="abac-task-identity",
    title="the task has no identity that counts in ABAC mode",
    brief="ABAC mode, task without identity",
    seen=(services.TASK_REFUSED,),
    unprovable=_TASK_UNSEEN,
    occurs=Occurs.OFTEN,
    means="In a registry's ABAC mode (AbacRepositoryPermissions) a task, and az acr build or az acr run, may do nothing"
    " with its images by itself, and --auth-mode changes that no more. It has to be told as whom it acts, and that one"
    " needs a role on the repository.",
    look=(Command("az acr show -n {registry} --query roleAssignmentMode -o tsv"),),
    fix=(
        "If that is AbacRepositoryPermissions, build and run as yourself, with your own roles:",
        Command('az acr build -r {registry} --source-acr-auth-id "[caller]" -t REPOSITORY:TAG .'),
        (
            "A task acts as its identity, which whoever assigns roles gives a Repository role; a user-assigned one is"
            " named by its resource id in the place of [system]:"
        ),
        Command('az acr task update -r {registry} -n TASK --source-acr-auth-id "[system]"'),
    ),
    instead=("An older az does not know the option: upgrade it.",),
    page=pages.ACR
    + "container-registry-rbac-abac-repository-permissions"
    + "#effects-of-enabling-abac-on-acr-tasks-quick-tasks-quick-builds-and-quick-runs",
    samples=(
        "when specifying push, at least one credential is required Run ID: ca1 failed after 3s.",
        (
            "Pushing image: myacr.azurecr.io/team/app:1, attempt 1 unauthorized: authentication required, visit"
            " https://aka.ms/acr/authorization for more information. failed to run step ID: push: exit status 1"
        ),
    ),
    not_emulated=_NO_TASK,
    unlike=(
        "failed to run step ID: build: Get https://registry-1.docker.io/v2/: unauthorized: authentication required",
    ),
)
TASK_LOGIN_MISSING = FailureMode(
    id="task-login-missing",
    title="the task has no login for that registry",
    brief="task without a login",
    seen=(services.TASK_REFUSED,),
    unprovable=_TASK_UNSEEN,
    occurs=Occurs.OFTEN,
    means="A task is signed in to the registry that it belongs to, unless it was made with --auth-mode None, and to no"
    " other. For a base image in another registry, or a push to one, it needs a login for that one.",
    look=(
        "See which registry refused, and which logins the task has:",
        Command("az acr task credential list -r REGISTRY_OF_TASK -n TASK"),
    ),
    fix=(
        (
            "Give the task a login for it, as the task's identity, which needs a role there; a user-assigned one is"
            " named by its client id in the place of [system]:"
        ),
        Command(
            "az acr task credential add -r REGISTRY_OF_TASK -n TASK --login-server {login_server}"
            ' --use-identity "[system]"'
        ),
    ),
    instead=("A quick build (az acr build) takes no such login: import the base image first, or make it a task.",),
    page=pages.ACR + "container-registry-tasks-cross-registry-authentication#add-target-registry-credentials-to-task",
    samples=(
        (
            "Step 1/2 : FROM otheracr.azurecr.io/base:1 Head https://otheracr.azurecr.io/v2/base/manifests/1:"
            " unauthorized: authentication required failed to run step ID: build: exit status 1"
        ),
    ),
    not_emulated=_NO_TASK,
    unlike=("failed to run step ID: test: exit status 1",),
)
SERVICE_LOGIN_WRONG = FailureMode(
    id="service-login-wrong",
    title="the service's own login is missing or not current",
    brief="service's stored login",
    seen=(services.SERVICE_REFUSED, text.PULL_REFUSED),
    unprovable="A text does not show whether the service pulls with an identity, nor which login it keeps.",
    occurs=Occurs.OFTEN,
    means="App Service, Container Apps and Machine Learning pull with a managed identity only where they are told to."
    " Otherwise they use the user name and password that they keep, often the admin user's, which nobody renews there;"
    " where they keep none, they ask without any.",
    look=(
        "See what a web app pulls with (for a container app: az containerapp registry list):",
        Command('az webapp config show -g RESOURCE_GROUP -n APP --query "acrUseManagedIdentityCreds"'),
    ),
    fix=(
        "If it has an identity with a role on {registry}, let it pull with that:",
        Command(
            "az webapp config set -g RESOURCE_GROUP -n APP --generic-configurations"
            """ '{{"acrUseManagedIdentityCreds": true}}'"""
        ),
        Command("az containerapp registry set -g RESOURCE_GROUP -n APP --server {login_server} --identity system"),
    ),
    instead=(
        (
            "That is the system-assigned identity. A user-assigned one is named: to a web app by its client id"
            " (acrUserManagedIdentityID), to a container app by its resource id in the place of system."
        ),
        "Or put a current password where it keeps one: a service principal's or a scope-map token's.",
    ),
    page=pages.ACR + "container-registry-authentication#authentication-options",
    samples=(
        "ImagePullUnauthorizedFailure: myacr.azurecr.io/web:1",
        (
            "Field 'template.containers.app.image' is invalid with details: 'Invalid value: \"myacr.azurecr.io/app:1\":"
            " GET https:?scope=repository%3Aapp%3Apull&service=myacr.azurecr.io: UNAUTHORIZED: authentication required'"
        ),
    ),
    not_emulated="A service of Azure's keeps that login, and a check has one of its own.",
    unlike=(
        (
            "Field 'template.containers.app.image' is invalid with details: 'Invalid value: \"ghcr.io/app:1\":"
            " GET https:: UNAUTHORIZED: authentication required'"
        ),
    ),
)
ACI_PRIVATE_REGISTRY = FailureMode(
    id="aci-private-registry",
    title="the container group has no way into {registry}",
    brief="container group without a login",
    seen=(services.ACI_REFUSED, services.ACI_LOGIN_UNUSABLE),
    unprovable="Container Instances says the same for a missing login, a missing image and a firewall.",
    occurs=Occurs.OFTEN,
    means="Azure Container Instances signs in only with what the container group names: a managed identity, or a user"
    " name and password. Neither the roles of whoever deploys nor anything stored elsewhere counts. An image that is"
    " not there gives the same words.",
    look=(
        "See first whether the image is there, by the name that the group has:",
        Command("az acr manifest list-metadata -r {registry} -n REPOSITORY -o table"),
    ),
    fix=(
        (
            "Make the group anew with a user-assigned identity that has a role on {registry} already, and name it for"
            " the registry, too: az container create takes its resource id in --assign-identity and in --acr-identity"
            " (imageRegistryCredentials in a template)."
        ),
    ),
    instead=("A group without an identity takes a service principal's user name and password.",),
    page=pages.ACR + "container-registry-auth-aci",
    samples=(
        (
            "(InaccessibleImage) The image 'myacr.azurecr.io/team/app:1' in container group 'ci' is not accessible."
            " Please check the image and registry credential."
        ),
        (
            "(RegistryErrorResponse) An error response is received from the docker registry 'myacr.azurecr.io'."
            " Please retry later."
        ),
    ),
    not_emulated="Container Instances pulls by itself, and a check is no container group.",
    unlike=(
        "(RegistryErrorResponse) An error response is received from the docker registry 'index.docker.io'.",
        "The image 'team/app:1' in container group 'ci' is not accessible. Please check the image and registry.",
    ),
)
ACR_ENV_VARIABLES_MISSING = FailureMode(
    id="acr-env-variables-missing",
    title="the helper acr-env lacks its variables",
    brief="acr-env without its variables",
    seen=(services.HELPER_WITHOUT_VARIABLES, services.HELPER_REFUSED),
    signs=(services.HELPER_WITHOUT_VARIABLES,),
    certain="The helper itself says that it got no Entra token for what its environment names.",
    occurs=Occurs.OFTEN,
    means="The credential helper docker-credential-acr-env, which kaniko and others have built in, takes a client"
    " secret, else a federated token (itself or the file with it), else the machine's managed identity, as variables"
    " of its own process name them; it knows no az login and no certificate. Without an Entra token it hands out no"
    " login, and the client asks without one.",
    look=(
        "Where the builder itself runs, see which variables it gets; this prints no values:",
        Command("env | grep -oE '^AZURE_[A-Z_]+'"),
    ),
    fix=(
        (
            "Give the builder AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN. On"
            " AKS the workload identity webhook sets them, and a user-assigned managed identity needs AZURE_CLIENT_ID"
            " alone."
        ),
        "In docker's config, name the helper for {login_server} under credHelpers, as acr-env.",
    ),
    page="https://github.com/chrismellard/docker-credential-acr-env#how-it-works",
    samples=(
        "failed to acquire sp token failed to initialise sp token config failed to get client id from environment",
    ),
    not_emulated="The emulated machine has no such helper.",
    unlike=("docker-credential-ecr-login: no valid credential sources found",),
)
