"""Text of other programs: real cases, what proves nothing, what comes first, and input made to be hostile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from corpus import rows
from factories import HOST, climb, observation
from for_each import for_each
from hypothesis import given
from hypothesis import strategies as st
from labels import LABELS

from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS, family_of
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.diagnosis.printed import LIMIT
from pytest_acrauth.diagnosis.text import NOT_IN_TEXT, THIS_RUN, THIS_TEXT, Line, recognise
from pytest_acrauth.model.observation import Attempt, Tcp, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import explanation, headline
from pytest_acrauth.report.text import explain

GUID = "11111111-2222-3333-4444-555555555555"
SCOPE_MAP_TOKEN = {
    f"scope-map-token-{what}"
    for what in ("password-wrong", "password-expired", "disabled", "no-password", "password-propagating")
}
DENIED = "denied: client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."


def ids(text: str) -> list[str]:
    """Return the symptoms that a text shows, best first."""
    return [diagnosis.symptom.id for diagnosis in recognise(text)]


def best(text: str) -> Diagnosis:
    """Return the best diagnosis of a text."""
    return recognise(text)[0]


def line_of(diagnosis: Diagnosis) -> Line:
    """Return the line that a diagnosis of a text was seen in."""
    assert isinstance(diagnosis.seen, Line)
    return diagnosis.seen


@pytest.mark.parametrize("row", rows("errors-dev.jsonl"))
def test_a_real_text_gets_its_rows_label(row: dict[str, Any]) -> None:
    """The best diagnosis of a real text has a cause of its label; what is unrelated has none, or one of its class.

    Whoever asks about what is unrelated gets an answer only where the text names nothing, and then on a condition.
    """
    labels = {row["label"], *row["also"]}
    unrelated = "unrelated" in labels
    assert not (unrelated and any(each.seen.assured for each in recognise(row["text"]) if line_of(each).on_trust))
    found = recognise(row["text"], overheard=unrelated)
    if not found:
        assert "unrelated" in labels
        return
    wanted = set().union(*(LABELS.get(label, set()) for label in labels))
    assert wanted & {mode.id for mode in found[0].candidates}, headline(found[0])


@pytest.mark.parametrize("row", rows("wire-dev.jsonl"))
def test_a_real_body_says_nothing_else_as_a_text(row: dict[str, Any]) -> None:
    """An answer's body, read as a text, is not recognised as another cause than the answer's own."""
    found = recognise(row["response"]["body"] or "")
    wanted = set().union(*(LABELS.get(label, set()) for label in (row["label"], *row["also"])))
    assert not found or wanted & {mode.id for mode in found[0].candidates}, headline(found[0])


def test_labels_name_modes_of_the_catalogue() -> None:
    """The table from labels to causes has no id that does not exist."""
    assert set().union(*LABELS.values()) <= set(MODES)


SAMPLES = [pytest.param(mode, text, id=mode.id) for mode in MODES.values() for text in mode.samples]


@for_each(("mode", "text"), SAMPLES)
def test_a_sample_is_recognised_as_its_cause(mode: FailureMode, text: str) -> None:
    """A text that the catalogue gives as an example has that cause among its candidates, as the best unless a note."""
    found = recognise(text)
    assert mode in found[-1 if family_of(mode) == "notes" else 0].candidates


@for_each("symptom", [symptom for symptom in SYMPTOMS.values() if symptom.texts], ids=lambda s: s.id)
def test_patterns_are_bounded(symptom: Any) -> None:
    """No pattern has a gap or a repetition without an end, which a long text could make slow."""
    for words in symptom.texts:
        assert not re.search(r"(?<!\\)(?:[*+]|\{\d*,\})", re.sub(r"\[[^]]*\]", "x", words.written))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all is well",
        'error: Get "https://ghcr.io/v2/": denied: denied',
        '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}',
        "toomanyrequests: You have reached your unauthenticated pull rate limit.",
        "unauthorized: authentication required",
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
        'Get "https://quay.io/v2/": x509: certificate signed by unknown authority',
        "write /var/lib/docker/tmp/blob: no space left on device while pulling myacr.azurecr.io/team/app",
        "fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com",
        "fatal: Authentication failed for 'https://dev.azure.com/a/b'",
        "Client with IP address '20.1.2.3' is not allowed to access the server.",
        "Readiness probe failed: HTTP probe failed with statuscode: 401",
        "manifest for nginx:9 not found: manifest unknown: manifest unknown",
        "does not have authorization to perform action 'Microsoft.Storage/storageAccounts/read' over scope '/s'",
        "pushed myacr.azurecr.io/team/app\nGet https://example.com/: 401 Unauthorized",
        'Get "http://169.254.169.254/latest/meta-data/iam/security-credentials/": context deadline exceeded',
        'Get "http://169.254.169.254/computeMetadata/v1/instance/": dial tcp 169.254.169.254:80: i/o timeout',
        "('169.254.169.254', 80): Max retries exceeded with url: /openstack/latest (connection timed out)",
        "psql: error: password is empty",
        "ValidationError: username is empty",
        "The Premium SKU is required for clustering on Azure Cache for Redis",
        "sku Standard_D2 is not supported in westus",
        '{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired or is not yet valid."}}',
        "does not have authorization to perform action 'Microsoft.Resources/subscriptions/read' over scope '/s'",
        "(ResourceGroupNotFound) Resource group 'machines' could not be found.",
        "Subscription 'orders' not found",
        "urllib3.exceptions.ProtocolError: ('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))",
        "requests.exceptions.ConnectionError: ('Connection aborted.', PermissionError(13, 'Permission denied'))",
        "mkdir /var/lib/docker: no such file or directory",
        "The name org.freedesktop.secrets was not provided by any .service files",
        "gedit: Cannot autolaunch D-Bus without X11 $DISPLAY",
        "Error saving credentials: open /home/ci/.docker/config.json123: read-only file system",
        "error getting credentials - err: exit status 1, out: `credentials not found in native keychain`",
        'HTTP 400: {"error":"Invalid clientId or client secret"}',
        "wiki: retrieving permissions failed for the space",
        "AADSTS500011: The resource principal named https://vault.azure.net was not found in the tenant named Contoso.",
        "myapp: environment variables are not fully configured, set DB_HOST",
        "Bearer error=insufficient_scope: The request requires higher privileges than provided by the access token.",
    ],
)
def test_other_failures_are_not_recognised(text: str) -> None:
    """What proves nothing about an Azure registry, Entra or a client has no diagnosis."""
    assert [each.symptom.id for each in recognise(text, overheard=True)] == []


@pytest.mark.parametrize(
    ("text", "symptoms"),
    [
        (
            (
                "Access to registry 'myacr.azurecr.io' was denied. Response code: 401.\n"
                "Unable to get admin user credentials with message: Admin user is disabled.\n"
                "Unable to authenticate using AAD or admin login credentials. Please specify both username and"
                " password in non-interactive mode."
            ),
            ["exchange-refused", "admin-user-disabled-said", "nobody-to-ask"],
        ),
        (
            "failed to fetch anonymous token: unexpected status from GET request to"
            " https://myacr.azurecr.io/oauth2/token: 401 Unauthorized\n" + DENIED,
            ["denied-with-ip", "no-credential-sent"],
        ),
        (
            (
                "CredentialUnavailableError: DefaultAzureCredential failed to retrieve a token from the included"
                f" credentials. Please run 'az login' to set up an account. AADSTS7000222: '{GUID}'"
            ),
            ["aadsts-7000222", "az-not-logged-in", "no-credential"],
        ),
        (
            (
                "An error occurred: NOTARY_COMMAND_ERROR\nAn error occurred: DOCKER_COMMAND_ERROR\n"
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
            ),
            ["docker-daemon-unreached", "notary-not-found"],
        ),
    ],
)
def test_the_cause_stands_before_its_consequences(text: str, symptoms: list[str]) -> None:
    """The most decisive symptom is first, then what follows from others, then notes; vague ones give way."""
    assert ids(text) == symptoms


@pytest.mark.parametrize(
    ("before", "after", "symptom"),
    [
        (
            "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.",
            "reading manifest 1 in myacr.azurecr.io/team/app: unauthorized: authentication required",
            "generic-401",
        ),
        ("Uppercase characters are detected in the registry name.", DENIED, "denied-with-ip"),
        (
            "Unable to retrieve some image pull secrets (acr); attempting to pull the image may not succeed.",
            "dial tcp: lookup myacr.azurecr.io on 10.0.0.10:53: no such host",
            "nxdomain",
        ),
    ],
    ids=["podman", "capitals", "pull-secret"],
)
def test_what_is_said_with_and_without_a_failure_is_not_the_first_to_blame(
    before: str, after: str, symptom: str
) -> None:
    """A line that a client prints whatever it does stands behind the failure, though it has but one cause."""
    assert best(f"{before}\n{after}").symptom.id == symptom


def test_two_refusals_of_one_caller_are_told_together() -> None:
    """A refused token, and a registry not found for the same caller: one answer, a missing role first, with why."""
    text = (
        "An error occurred: CONNECTIVITY_REFRESH_TOKEN_ERROR\n"
        "Access to registry 'myacr.azurecr.io' was denied. Response code: 401. Please try running 'az login' again.\n"
        f"{MODES['arm-wrong-subscription'].samples[0]}\n"
    )
    (found,) = recognise(text)
    assert (found.certainty, found.candidates[0].id) == (Certainty.ONE_OF, "exchange-no-role")
    assert "no role on a registry gets both answers" in explain(found)
    assert "az role assignment create" in explain(found)


def test_what_the_words_decide_is_proven() -> None:
    """A subscription that is called disabled is; one that is not found can be many things."""
    assert best(MODES["arm-subscription-disabled"].samples[0]).certainty is Certainty.PROVEN
    assert best(MODES["arm-token-refused"].samples[0]).certainty is Certainty.PROVEN
    assert best(f"(SubscriptionNotFound) The subscription '{GUID}' could not be found.").certainty is Certainty.ONE_OF
    # Compose says the same to a user who may not open the socket.
    said = best("ERROR: Couldn't connect to Docker daemon at http+docker://localhost - is it running?")
    assert {"client-docker-daemon-down", "client-docker-socket-permission"} <= {mode.id for mode in said.candidates}


@pytest.mark.parametrize("name", ["helm-missing", "helm-version", "notary-missing", "notary-version"])
def test_notes_are_no_failures(name: str) -> None:
    """What check-health says of helm and notary is marked as a note; a refusal is not."""
    assert best(MODES[f"note-{name}"].samples[0]).note
    assert not best(DENIED).note


def test_a_line_has_its_number_and_its_words() -> None:
    """What was seen is the line of the words, counted from 1, even where they go on below."""
    seen = line_of(best("step 1\n\n  \nerror: denied:\nclient with IP '20.1.2.3'\nis not allowed access\n"))
    assert (seen.number, seen.text) == (5, "client with IP '20.1.2.3'")


def test_names_come_from_the_text() -> None:
    """Registry, address and ids that the words hold fill the remedies; what is missing has a placeholder."""
    text = explain(best(f'Get "https://myacr.azurecr.io/v2/team/app/manifests/1": {DENIED}'))
    assert "no rule of myacr admits 20.1.2.3" in text
    assert "az acr network-rule list -n myacr" in text
    assert "az acr network-rule list -n REGISTRY" in explain(best(DENIED))
    seen = line_of(best(f"AADSTS700016: Application with identifier '{GUID}' was not found in the directory '{GUID}'."))
    assert (seen.names["client_id"], seen.names["tenant_id"]) == (GUID, GUID)


@pytest.mark.parametrize(
    "text",
    [
        (
            "AADSTS50079: Due to a configuration change made by your administrator, you must enroll in multi-factor"
            " authentication"
        ),
        '{"error":"interaction_required","error_codes":[50079]}',
        "see https://login.microsoftonline.com/error?code=50079",
    ],
)
def test_entras_number_leads_to_its_own_page(text: str) -> None:
    """A number in a text is that of the page that documents it."""
    assert explanation(best(text)).links == ("https://login.microsoftonline.com/error?code=50079",)


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.ContainerRegistry/registries/read", "Reader"),
        ("Microsoft.ContainerRegistry/registries/importImage/action", "ROLE"),
        ("Microsoft.Authorization/roleAssignments/write", "ROLE"),
    ],
)
def test_a_refusal_says_who_what_and_over_what(action: str, role: str) -> None:
    """What the management plane refuses names caller, action and scope, which fill the commands; Reader only reads."""
    scope = f"/subscriptions/{GUID}/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/myacr"
    text = (
        f"(AuthorizationFailed) The client 'x' with object id '{GUID}' does not have authorization to perform action"
        f" '{action}' over scope '{scope}' or the scope is invalid."
    )
    found = explain(best(text))
    assert action in found
    assert f'az role assignment create --assignee-object-id {GUID} --role "{role}" --scope {scope}' in found


@pytest.mark.parametrize(
    ("caller", "kind"),
    [(GUID, " --assignee-principal-type ServicePrincipal"), ("a.b@contoso.com", " --assignee-principal-type User")],
)
def test_a_role_is_given_to_the_kind_of_principal_that_was_refused(caller: str, kind: str) -> None:
    """An application is named by its client id and a user by an address, so that az need not ask the directory."""
    text = (
        f"(AuthorizationFailed) The client '{caller}' with object id '{GUID}' does not have authorization to perform"
        " action 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."
    )
    assert f'az role assignment create --assignee-object-id {GUID}{kind} --role "Reader"' in explain(best(text))


@pytest.mark.parametrize("scope", ["/subscriptions/$(reboot)", "/s; reboot", "/subscriptions/a b", "nothing"])
def test_a_scope_that_could_be_none_stays_out_of_commands(scope: str) -> None:
    """A scope goes into a command only if a shell takes it as it stands."""
    action = "Microsoft.ContainerRegistry/registries/read"
    seen = best(f"does not have authorization to perform action '{action}' over scope '{scope}' or the scope")
    assert line_of(seen).names["action"] == action
    assert "scope" not in line_of(seen).names


def test_a_registry_is_named_by_a_command_and_not_by_prose() -> None:
    """The registry that an az command names is taken, and no word that happens to stand behind "registry"."""
    asked = "Regional endpoint for 'eastus' not found. Run 'az acr show-endpoints -n myacr' to list the endpoints."
    assert line_of(best(asked)).names["registry"] == "myacr"
    prose = "Regional endpoint for 'eastus' not found. Please verify that the registry exists."
    assert line_of(best(prose)).names == {"region": "eastus"}


def test_the_hash_of_a_login_server_goes_with_its_login() -> None:
    """Az is told the hash in a login server's name, which it leaves out where it cannot read the registry's record."""
    text = "Www-Authenticate failed: no basic auth credentials for https://myacr-h8k2.azurecr.io/v2/"
    assert line_of(best(text)).names["login_name"] == "myacr --suffix h8k2"


@pytest.mark.parametrize(
    ("action", "anonymous"),
    [
        ("pull", {"anonymous-pull-disabled", "anonymous-pull-propagating"}),
        ("push", {"anonymous-pull-only"}),
    ],
)
def test_the_right_that_an_answer_names_rules_causes_out(action: str, anonymous: set[str]) -> None:
    """Whoever wants to push needs more than anonymous pull, however it is set."""
    detail = f'[{{"Type":"repository","Name":"team/app","Action":"{action}"}}]'
    said = (
        '{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization","detail":'
    )
    found = best(f"https://myacr.azurecr.io/v2/ {said}{detail}}}")
    assert {each.id for each in found.candidates if each.id.startswith("anonymous-pull")} == anonymous


def test_a_text_rules_out_what_it_can() -> None:
    """A public IPv4 address in the words excludes a service endpoint and IPv6; the rest is open, with the reason."""
    found = best(DENIED)
    assert {mode.id for mode in found.ruled_out} == {"firewall-service-endpoint", "firewall-ipv6-client"}
    answers = [answer for finding in found.findings for answer in finding.answers]
    assert {answer.who for answer in answers if answer.value is not None} == {THIS_TEXT}
    assert {answer.why for answer in answers if answer.value is None} == {NOT_IN_TEXT}


@pytest.mark.parametrize(
    "text",
    [
        r'{"message":"client with IP \\u002720.1.2.3\\u0027 is not allowed access"}',
        r"client with IP \\\'20.1.2.3\\\' is not allowed access",
        "client with IP '20.1.2.3'\r\n   is not\tallowed access",
        "\x1b[31mclient with IP\x1b[0m '20.1.2.3' is not allowed access",
        "client with IP \u201820.1.2.3\u2019 is not allowed access",
    ],
)
def test_escapes_and_wrapping_hide_nothing(text: str) -> None:
    """Words are found through JSON's and a terminal's escapes, line ends and typographic quotes."""
    assert line_of(best(text)).names["client_ip"] == "20.1.2.3"


@pytest.mark.parametrize("name", ["$(reboot)", "a b", "../../x", "my;acr", "m" * 70])
def test_no_name_is_taken_that_could_not_be_one(name: str) -> None:
    """A name goes into commands only if it can be what it is called."""
    seen = line_of(
        best(f"Access to registry '{name}.azurecr.io' was denied. Response code: 401. aka.ms/acr/authorization")
    )
    assert name not in seen.names.values()


def test_hostile_text_cannot_break_the_layout() -> None:
    """Control characters, CI commands, JWTs and endless lines of a text do not reach the explanation."""
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lb25lIn0.c2lnbmF0dXJl"
    text = explain(best(f"\x1b]0;x\x07\u202e##vso[task.x] {jwt} {{registry}} {DENIED} " + "A" * 50_000))
    assert all(line.isprintable() and len(line) <= 200 for line in text.splitlines())
    assert "##vso[" not in text
    assert jwt not in text


@pytest.mark.thorough
def test_only_the_beginning_of_a_text_is_read() -> None:
    """A text is bounded: what stands behind the first 16 MiB is not looked at."""
    assert ids("x" * LIMIT + "\n" + DENIED) == []
    assert ids("x" * (LIMIT - 200) + "\n" + DENIED) == ["denied-with-ip"]


PIECES = [
    *("failed to fetch oauth token: unexpected status", "https://x.azurecr.io/", "client with IP '", "'", "\\", " "),
    *(
        "error getting credentials - err: ",
        "AADSTS",
        "\n",
        "401 Unauthorized",
        "docker-credential-",
        "lookup ",
        "a." * 50,
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(1, 40))
def test_any_text_ends_in_diagnoses(pieces: list[str], times: int) -> None:
    """Whatever a text is made of, reading it ends, and every diagnosis can be explained."""
    for diagnosis in recognise("".join(pieces) * times):
        assert explain(diagnosis).startswith(headline(diagnosis))


@given(st.text(st.characters(categories=["N", "P", "S", "Z", "C"]), max_size=400))
def test_random_text_proves_nothing(text: str) -> None:
    """Characters without words are no failure of authentication, and no error."""
    assert ids(text) == []


REFUSED_LOGIN = "Error response from daemon: login attempt to https://myacr.azurecr.io/v2/ failed with status: 401"


@pytest.mark.parametrize(
    ("command", "candidates"),
    [
        ("docker login myacr.azurecr.io -u myacr", {"admin-user-disabled", "admin-password-not-current"}),
        ("docker login myacr.azurecr.io --username=puller", SCOPE_MAP_TOKEN),
        ("helm registry login myacr.azurecr.io -u 'puller'", SCOPE_MAP_TOKEN),
    ],
)
def test_the_user_name_of_a_login_tells_what_it_can_be(command: str, candidates: set[str]) -> None:
    """The line that logs in tells the kind of credential, and so which causes are possible at all."""
    assert {mode.id for mode in best(f"$ {command}\n{REFUSED_LOGIN}").candidates} == candidates


def test_a_scope_map_token_that_is_refused_was_not_asked_for_a_list() -> None:
    """No such token can list repositories; a push that is refused is explained by that only where a list is shown."""
    login = (
        "docker login myacr.azurecr.io -u token1 --password-stdin\nThe push refers to repository [myacr.azurecr.io/a]"
    )
    refused = "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information."
    pushed = {mode.id for mode in best(f"{login}\n{refused}").candidates}
    assert "scope-map-lacks-action" in pushed
    assert "scope-map-no-catalog" not in pushed
    listed = best(f"{login}\nGET https://myacr.azurecr.io/v2/_catalog: response status code 401: {refused}")
    assert "scope-map-no-catalog" in {mode.id for mode in listed.candidates}


def test_a_login_at_entra_is_no_login_at_the_registry() -> None:
    """Who signed in to Entra says nothing of the pair that the registry refused."""
    alone = best(REFUSED_LOGIN).candidates
    assert best(f"$ az login -u puller\n{REFUSED_LOGIN}").candidates == alone


def test_words_that_others_say_are_never_certain() -> None:
    """Where no host tells who is meant, a sign is none; beside a login server it is one."""
    words = "x509: certificate signed by unknown authority"
    assert recognise(words, overheard=True) == ()
    assert best(words).certainty is Certainty.PROBABLE
    assert best(f"pushing to the container registry failed: {words}").certainty is Certainty.PROBABLE
    assert best(f'Get "https://myacr.azurecr.io/v2/": {words}').certainty is Certainty.PROVEN


SCANNED = (
    "4 errors occurred: * unable to inspect the image (myacr.azurecr.io/app:1): {daemon}"
    " * unable to initialize Podman client: no podman socket found * containerd socket not found"
    " * GET https://myacr.azurecr.io/oauth2/token?scope=x: UNAUTHORIZED: authentication required"
)


@pytest.mark.parametrize(
    "daemon",
    [
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "permission denied while trying to connect to the Docker daemon: docker.sock: connect: permission denied",
    ],
)
def test_a_daemon_that_was_only_tried_first_is_not_to_blame(daemon: str) -> None:
    """A scanner asks daemons before the registry: where it got that far, the registry's answer is the failure."""
    assert ids(SCANNED.format(daemon=daemon)) == ["generic-401"]
    assert ids(daemon)[0] in {"docker-daemon-unreached", "docker-socket-forbidden"}


LAYER = "https://eusmanaged7.blob.core.windows.net/{path}//docker/registry/v2/blobs/sha256/ab/abcd/data?sig=x"


def test_the_address_of_a_layer_tells_whose_storage_it_is() -> None:
    """An address that a registry signed is its layer's, without a login server beside it; other blobs are nobody's."""
    lost = 'failed to do request: Get "{}": dial tcp 20.60.1.2:443: i/o timeout'
    signed = LAYER.format(path="0123456789abcdef0123456789abcdef-ab12cd34ef")
    assert ids(lost.format(signed)) == ["storage-unreached"]
    redacted = LAYER.format(path="***")
    assert ids(lost.format(redacted)) == ["storage-unreached"]
    assert ids(lost.format(redacted.replace("eusmanaged7", "acmeharbor"))) == []


@pytest.mark.parametrize(
    "layer",
    [
        LAYER.format(path="0123456789abcdef0123456789abcdef"),
        # A mirror on the way may write the path anew.
        LAYER.format(path="0123456789abcdef0123456789abcdef").replace("/docker/", ""),
        "https://myacr.eastus.data.azurecr.io/0123456789abcdef0123456789abcdef-ab/docker/registry/v2/blobs/data?sig=x",
    ],
)
@pytest.mark.parametrize(
    ("printed", "symptom"),
    [
        ('Error: GET "{}": response status code 403: Forbidden', "layer-refused"),
        ("failed open: unexpected status from GET request to {}: 403 Forbidden", "layer-refused"),
        ('Error: GET "{}": response status code 404: Not Found', "blob-unknown"),
        ("GET {}: unexpected status code 404 Not Found: <Code>BlobNotFound</Code>", "blob-unknown"),
        ("GET {}: unexpected status code 403 Forbidden: <Code>AuthenticationFailed</Code>", "storage-refused"),
        ("GET {}: unexpected status code 403 Forbidden: <Code>AuthorizationFailure</Code>", "storage-forbids"),
        ('Error: GET "{}": response status code 503: Server Unavailable', "server-error"),
        ('failed to do request: Get "{}": Proxy Authentication Required', "proxy-wants-login"),
        (
            'failed to do request: Get "{}": proxyconnect tcp: dial tcp 10.0.0.9:3128: connection refused',
            "proxy-unreached",
        ),
    ],
)
def test_a_layer_that_is_refused_without_the_storages_words(printed: str, symptom: str, layer: str) -> None:
    """A client that shows the status alone says enough where the address is a layer's."""
    assert ids(printed.format(layer)) == [symptom]


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        (
            "Error response from registry: registry disallowed operation: The operation is disallowed.: map[]",
            "disallowed-in-short",
        ),
        ("The manifest could not be deleted: registry disallowed operation", "disallowed-in-short"),
        (
            "REGISTRY_DISALLOWED_OPERATION: The operation is disallowed on this registry, repository or image.; map[]",
            "disallowed",
        ),
    ],
)
def test_a_code_of_azures_registries_needs_no_host_beside_it(text: str, symptom: str) -> None:
    """Clients that show the error alone name no registry, and no other registry has this code."""
    assert ids(text) == [symptom]


UNKNOWN_NAME = 'Get "https://myacr.azurecr.io/v2/": dial tcp: lookup myacr.azurecr.io on {}:53: no such host'


def test_what_the_run_saw_of_a_registry_counts_beside_a_text() -> None:
    """A registry that answered in this run exists; that another program does not find it is the matter of its DNS."""
    text = UNKNOWN_NAME.format("10.0.0.2")
    alone, beside = (
        recognise(text)[0],
        recognise(text, climbed=[climb(Stage.CHALLENGE, observation(Stage.CHALLENGE))])[0],
    )
    gone = {"registry-dns-nxdomain", "registry-dnl-hash-missing", "registry-wrong-cloud"}
    assert gone <= {mode.id for mode in alone.candidates}
    assert not gone & {mode.id for mode in beside.candidates}
    assert "registry-name-unknown-here" in {mode.id for mode in beside.candidates}
    assert THIS_RUN in {answer.who for finding in beside.findings for answer in finding.answers}


def test_another_registry_that_answered_says_nothing_of_this_one() -> None:
    """Nor does a climb that did not get an answer."""
    text = UNKNOWN_NAME.format("10.0.0.2")
    alone = recognise(text)[0].candidates
    answered = climb(Stage.CHALLENGE, observation(Stage.CHALLENGE))
    assert recognise(text.replace("myacr", "otheracr"), climbed=[answered])[0].candidates == alone
    lost = Tcp(host=HOST, port=443, attempts=(Attempt(address="20.0.0.1", trouble=Trouble.TIMEOUT),), elapsed=5.0)
    assert recognise(text, climbed=[climb(Stage.TCP, lost)])[0].candidates == alone


@pytest.mark.parametrize("resolver", ["168.63.129.16", "8.8.8.8"])
def test_a_name_server_that_knows_all_public_names_is_not_to_blame(resolver: str) -> None:
    """Azure's own resolver, and those for everybody, know Azure's names; of any other a text does not tell."""
    assert "no-public-dns" not in {mode.id for mode in best(UNKNOWN_NAME.format(resolver)).candidates}
    assert "no-public-dns" in {mode.id for mode in best(UNKNOWN_NAME.format("10.0.0.2")).candidates}


def test_only_a_regional_host_can_lack_its_region() -> None:
    """That a registry has no endpoint in a region is no cause for a host without one."""
    text = UNKNOWN_NAME.format("10.0.0.2")
    assert "regional-endpoint-missing" not in {mode.id for mode in best(text).candidates}
    regional = best(text.replace("myacr.azurecr.io", "myacr.westeurope.geo.azurecr.io"))
    assert "regional-endpoint-missing" in {mode.id for mode in regional.candidates}


@pytest.mark.parametrize("row", rows("errors-dev.jsonl"))
def test_a_real_text_names_its_label_first_or_says_what_would_decide(row: dict[str, Any]) -> None:
    """A real text's cause is named alone or among a few; where there are more, a look that tells them apart is told."""
    labels = {row["label"], *row["also"]}
    found = recognise(row["text"])
    if not found or "unrelated" in labels:
        return
    wanted = set().union(*(LABELS.get(label, set()) for label in labels))
    candidates = [mode.id for mode in found[0].candidates]
    assert wanted & set(candidates[:5])
    assert len(candidates) <= 5 or "\n  look  " in explain(found[0])


def test_a_layer_whose_host_nobody_knows_is_told_by_the_accounts_name() -> None:
    """Docker names the storage alone then, whose accounts for registries have names of their own."""
    said = "error pulling image configuration: download failed after attempts=6: dial tcp: lookup"
    found = recognise(f"{said} weumanaged21.blob.core.windows.net on 10.0.0.53:53: no such host")
    assert [diagnosis.symptom.id for diagnosis in found] == ["data-host-unresolved"]


@pytest.mark.parametrize(
    ("code", "symptom"), [("AuthenticationFailed", "storage-refused"), ("AuthorizationFailure", "storage-forbids")]
)
def test_a_layer_that_storage_refuses_is_told_by_its_code(code: str, symptom: str) -> None:
    """As docker hands on what Azure's storage answered."""
    said = "error pulling image configuration: download failed after attempts=1: denied: \ufeff<?xml version"
    found = recognise(f'{said}="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>Server failed')
    assert [diagnosis.symptom.id for diagnosis in found] == [symptom]
