"""Family ``firewall``: the registry's own network rules refuse the caller."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import ADDRESSES
from pytest_acrauth.catalogue.questions.management import (
    ADMITTED,
    LAST_CHANGE,
    NETWORK,
    PASSED_BY,
    SELECTED_NETWORKS,
)
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.steps import LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import challenge, services
from pytest_acrauth.catalogue.symptoms.addresses import is_private, is_public_ipv6, rule_address

# Documented as "a few minutes", which is no promise.
_RULES_TRAVEL = 15 * 60

CLIENT_IP: Question[str] = Question(
    id="client-ip",
    asks="From which address did the registry see the request come?",
    shows="address the registry saw",
    by_hand="Read the address in the message.",
    read=facts.client_ip,
)


def _dialled(broken: Break) -> tuple[str, ...] | None:
    return () if broken.transcript.proxy else ADDRESSES.read(broken)


def _all_private(addresses: tuple[str, ...]) -> bool:
    return bool(addresses) and all(map(is_private, addresses))


DIALLED: Question[tuple[str, ...]] = Question(
    id="addresses-dialled",
    asks="Which addresses of the login server did this machine itself dial?",
    shows="addresses dialled from here",
    by_hand=ADDRESSES.by_hand,
    read=_dialled,
)
#: What comes by a proxy has its address, and never that of a private endpoint of this network.
_BY_PROXY = Given(
    "If the address is that of the proxy {proxy}, and this network has another way to {registry}, exempt"
    " {login_server} with NO_PROXY.",
    "proxy",
)
# Behind a private one can be a gateway, whose own address the rules judge, or another registry's endpoint.
_NOT_BY_GATEWAY = DIALLED.where("not only private ones", lambda found: None if _all_private(found) else True)
_NO_SERVICE = "A service of Azure's comes from addresses of its own, and a check is none of them."
_LOOK_AT_RULES = Command('az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet]"')


FIREWALL_IP_DENIED = FailureMode(
    id="firewall-ip-denied",
    title="no rule of {registry} admits {client_ip}",
    brief="address in no network rule",
    seen=(challenge.DENIED_WITH_IP, services.IMPORT_DENIED),
    when=(
        ADMITTED.is_(False),
        SELECTED_NETWORKS,
        CLIENT_IP.where("a public IPv4 one", lambda address: bool(rule_address(address))),
        _NOT_BY_GATEWAY,
    ),
    open_when=PASSED_BY,
    occurs=Occurs.OFTEN,
    means="The registry admits selected networks only. The address is the one the registry saw: behind a NAT, a"
    " proxy or a hosted build agent it is not this machine's own, is shared with others, and changes.",
    look=("Find out whose address that is: a proxy, a build agent and a NAT share theirs with others.",),
    fix=(
        _BY_PROXY,
        "Run this from a network that the rules admit, or by a private endpoint of {registry}.",
        Given("If {rule_address} is yours alone and stays yours, the registry's owner admits it:", "rule_address"),
        Command("az acr network-rule add -n {registry} --ip-address {rule_address}", each="rule_address"),
    ),
    instead=(
        "Where the address is shared or changes, use a build agent of your own with a fixed address.",
        "An Azure service gets in by the registry's settings for tasks and trusted services.",
    ),
    page=pages.TROUBLESHOOT + "client-ip-address-not-allowed-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    unlike=(
        "Client with IP address '203.0.113.9' is not allowed to access the server mydb.database.windows.net.",
        "Request originated from IP 203.0.113.9 through public internet. This is blocked by your Cosmos DB firewall.",
        "Client address is not authorized and caller is not a trusted service. Client address: 203.0.113.9",
    ),
)
FIREWALL_IPV6_CLIENT = FailureMode(
    id="firewall-ipv6-client",
    title="{client_ip} is IPv6, and rules hold IPv4",
    brief="IPv6 caller",
    seen=(challenge.DENIED_WITH_IP,),
    when=(
        CLIENT_IP.where("a public IPv6 one", is_public_ipv6),
        SELECTED_NETWORKS,
    ),
    means="The registry has addresses of both kinds (a preview) and admits selected networks only. Its rules hold"
    " public IPv4 addresses: az acr network-rule takes no other. Whoever comes over IPv6 is in none of them.",
    look=(Command("nslookup {login_server}"),),
    fix=(
        "Connect over IPv4, from an address that the rules admit.",
        "Or run this from a network with a private endpoint of {registry}.",
    ),
    instead=(
        (
            "If no client needs IPv6, the registry's owner sets its endpoint protocol back to IPv4 alone; with both, no"
            " task and no az acr build runs there."
        ),
    ),
    page=pages.ACR + "container-registry-ipv6-dual-stack#firewall-and-network-considerations",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_TASKS_BYPASS_OFF = FailureMode(
    id="firewall-tasks-bypass-off",
    title="{registry} lets no task past its firewall",
    brief="tasks stopped at the firewall",
    seen=(services.TASK_DENIED,),
    unprovable="A text does not show the registry's settings, nor as whom the task signed in.",
    occurs=Occurs.OFTEN,
    means="A task (az acr build, az acr run, acr purge) runs on machines of Azure's: the address is theirs, many"
    " customers share it, and it changes. Since June 2025 the firewall stops tasks unless the registry's owner lets"
    " them by (networkRuleBypassAllowedForTasks), and then only those that sign in as a system-assigned identity.",
    look=(
        Command(
            "az resource show --ids {registry_id} --api-version 2025-06-01-preview"
            ' --query "properties.[networkRuleBypassAllowedForTasks,networkRuleBypassOptions]"'
        ),
    ),
    fix=(
        "Admit no address of a task's: others have it, too.",
        "Run it in an agent pool (POOL) of the registry's, in a network that is admitted:",
        Command("az acr build -r {registry} --agent-pool POOL -t REPOSITORY:TAG ."),
        "Or build and push on a machine of your own that is admitted.",
    ),
    instead=(
        "The registry's owner can let tasks by; whoever may change a task gets in that way, too:",
        Command(
            "az resource update --ids {registry_id} --api-version 2025-06-01-preview"
            " --set properties.networkRuleBypassAllowedForTasks=true"
        ),
        "The task then needs a system-assigned identity with a role; az acr build has none.",
    ),
    page=pages.ACR + "manage-network-bypass-policy-for-tasks",
    samples=(
        (
            "failed to login, ran out of retries: failed to set docker credentials: Error response from daemon: Get"
            " https://myacr.azurecr.io/v2/: denied: client with IP '52.1.2.3' is not allowed access. Refer"
            " https://aka.ms/acr/firewall to grant access. Run ID: ca2 failed after 5s."
        ),
        (
            "failed to resolve secrets: failed to get ACR refresh token, exchange API response code: 403 Forbidden"
            " Run ID: cbx failed after 3s."
        ),
    ),
    not_emulated=_NO_SERVICE,
    unlike=(
        "Run ID: 7f3a failed after 30s. Error: failed during run, err: exit status 1",
        "Client with IP address '52.1.2.3' is not allowed to access the server. failed to run step ID: migrate",
    ),
)
FIREWALL_PUBLIC_ACCESS_DISABLED = FailureMode(
    id="firewall-public-access-disabled",
    title="public access to {registry} is off",
    brief="public access off",
    seen=(challenge.DENIED_WITH_IP, services.IMPORT_DENIED),
    when=(NETWORK.where("no public one", lambda rules: not rules.public), _NOT_BY_GATEWAY),
    open_when=PASSED_BY,
    occurs=Occurs.OFTEN,
    means="The registry admits private endpoints only. No address rule counts until public access is on again.",
    look=("See which networks have a private endpoint of {registry}:", LIST_ENDPOINTS),
    fix=(
        _BY_PROXY,
        "Run this from a network with a private endpoint of {registry}, where {login_server} has a private address.",
    ),
    instead=(
        Given(
            "If {rule_address} is yours alone, the registry's owner can let it in; its other rules count again, too,"
            " and without --default-action Deny every network gets in:",
            "rule_address",
        ),
        Command(
            "az acr update -n {registry} --public-network-enabled true --default-action Deny",
            each="rule_address",
        ),
        Command("az acr network-rule add -n {registry} --ip-address {rule_address}", each="rule_address"),
    ),
    page=pages.ACR + "container-registry-access-selected-networks#disable-public-network-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_RULE_PROPAGATING = FailureMode(
    id="firewall-rule-propagating",
    title="the rule that lets the caller in is too new",
    brief="network rule changed minutes ago",
    seen=(challenge.DENIED_WITH_IP,),
    when=(
        ADMITTED.is_(True),
        LAST_CHANGE.where("minutes ago", lambda change: change.ago < _RULES_TRAVEL),
    ),
    unprovable="The record tells when something of it changed and not what, nor which of the registry's replicas and"
    " front ends follow it already.",
    means="The rules as they are now admit {client_ip}, and the registry's record was changed minutes ago. A changed"
    " rule takes a few minutes to take effect; Microsoft gives no longest time.",
    look=(NETWORK.by_hand,),
    fix=("Check again some minutes after the last change, and change nothing meanwhile.",),
    page=pages.ACR + "container-registry-access-selected-networks#add-network-rule-to-registry",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=True,
)
FIREWALL_SERVICE_ENDPOINT = FailureMode(
    id="firewall-service-endpoint",
    title="no rule admits the caller's virtual network",
    brief="virtual network in no rule",
    seen=(challenge.DENIED_WITH_IP,),
    when=(CLIENT_IP.where("a private one", is_private),),
    not_when=(ADMITTED.is_(True, False),),
    unprovable="The rules for virtual networks are in no current version of the registry's record, so whether the"
    " subnet's is among them cannot be read.",
    means="The registry saw {client_ip}, a private address, so the request came through a service endpoint (a virtual"
    " network's own way to Azure's public addresses). The rule for its subnet is missing, or a private endpoint was"
    " added, which ends this way in.",
    look=(
        _LOOK_AT_RULES,
        LIST_ENDPOINTS,
    ),
    fix=("Connect the network by a private endpoint: service endpoints here stayed a preview.",),
    instead=("With public access on and no private endpoint, the registry's owner can add the subnet's rule again.",),
    page=pages.ACR + "container-registry-vnet",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_WEB_APP_OUTSIDE = FailureMode(
    id="firewall-web-app-outside",
    title="the web app pulls from outside",
    brief="web app outside the networks",
    seen=(services.WEB_APP_DENIED,),
    unprovable="A text does not show the registry's rules, nor which way the app pulls.",
    occurs=Occurs.OFTEN,
    means="App Service pulls the image itself, from addresses that it shares, and is no trusted service. An app that is"
    " joined to a virtual network goes on pulling past it until that is switched on for images as well.",
    look=(
        "See whether the app is joined to a network, and whether it pulls its image that way:",
        Command(
            'az webapp show -g RESOURCE_GROUP -n APP --query "{{network:virtualNetworkSubnetId,'
            'images:[vnetImagePullEnabled,outboundVnetRouting.imagePullTraffic]}}"'
        ),
    ),
    fix=(
        (
            "The app's owner joins it to a network with a private endpoint of {registry}, and switches on Container"
            " image pull (Networking, Virtual network integration). The portal then lists no tags: type the tag."
        ),
    ),
    instead=(
        "Or the registry's owner admits every outbound address of the app, which other apps share:",
        Command("az webapp show -g RESOURCE_GROUP -n APP --query possibleOutboundIpAddresses -o tsv"),
    ),
    page=pages.TROUBLESHOOT + "pull-image-to-web-app-fail#error-3-client-with-ip-is-not-allowed-access",
    samples=(
        (
            "DockerApiException: Docker API responded with status code=InternalServerError,"
            ' response={"message":"Head \\"https://myacr.azurecr.io/v2/web/manifests/1\\": denied: client with IP'
            " '52.1.2.3' is not allowed"
            ' access. Refer https://aka.ms/acr/firewall to grant access."}'
        ),
    ),
    not_emulated=_NO_SERVICE,
    unlike=("DockerApiException: Docker API responded with status code=NotFound, response={manifest unknown}",),
)
FIREWALL_TRUSTED_SERVICE_OFF = FailureMode(
    id="firewall-trusted-service-off",
    title="{registry} lets no trusted service pass",
    brief="trusted services not let in",
    seen=(services.SERVICE_DENIED, services.IMPORT_DENIED, services.ACI_REFUSED, services.TASK_DENIED),
    unprovable="A text does not show the registry's settings, nor as whom the service signed in.",
    means="Container Instances, Machine Learning, Defender and az acr import come from addresses of Azure's that no"
    " rule can name. The firewall lets them by as trusted services if the registry is set so, and the first two only"
    " when they sign in as a managed identity. App Service is never one of them, and for a registry with a service"
    " endpoint (a rule for a virtual network) the setting does not count.",
    look=(
        Command('az acr show -n {registry} --query "[publicNetworkAccess,networkRuleBypassOptions]" -o tsv'),
        "With az acr import, look at the registry that it reads from, too.",
    ),
    fix=(
        "Let the service sign in as a managed identity with a role on {registry}, not by a password.",
        "If networkRuleBypassOptions is None, the registry's owner lets trusted services by again:",
        Command("az acr update -n {registry} --allow-trusted-services true"),
    ),
    instead=("A service that is none of them comes from a network of its own, by a private endpoint of {registry}.",),
    page=pages.ACR + "allow-access-trusted-services#trusted-services",
    samples=(
        (
            "AzureMLCompute job failed. Pulling myacr.azurecr.io/team/app:1: denied: client with IP '52.1.2.3' is not"
            " allowed access. Refer https://aka.ms/acr/firewall to grant access."
        ),
        (
            "Operation registries-1a2b failed. Resource /subscriptions/s/resourceGroups/g/providers/"
            "Microsoft.ContainerRegistry/registries/myacr Invalid message Forbidden Forbidden"
            ' {"errors":[{"code":"DENIED","message":"client with IP \'52.1.2.3\' is not allowed access."}]}'
        ),
    ),
    not_emulated=_NO_SERVICE,
    unlike=("(InaccessibleImage) The image 'jaegertracing/all-in-one:1' in container group 'c' is not accessible.",),
)
