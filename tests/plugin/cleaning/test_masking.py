"""What gets a stand-in and what stays, each in the surroundings in which programs print it."""

from __future__ import annotations

import uuid
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from for_each import for_each

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.asked import settings
from pytest_acrauth.plugin.cleaning.masking import Masking
from pytest_acrauth.plugin.cleaning.reports import ReportCleaner
from pytest_acrauth.plugin.cleaning.text import TextCleaner

ID = "9d1f6c20-3b7e-4a58-8c05-e2a4f7b61d93"
OTHER = "47a0c3de-5f18-4b62-9d7a-0c8e1b2f6a35"
BARE = ID.replace("-", "")

#: Around an id: what a person or a program writes, with the id where ``{}`` is.
AROUND_IDS = (
    "{}",
    "tenant {}",
    "AADSTS700016: Application with identifier '{}' was not found in the directory 'Contoso'.",
    "/subscriptions/{}/resourceGroups/rg",
    "%2Fsubscriptions%2F{}%2FresourceGroups",
    "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
    "api://{}",
    "urn:uuid:{{{}}}",
    '{{"oid":"{}"}}',
    '{{\\"tid\\":\\"{}\\"}}',
    "UUID('{}')",
    "client_id={}&scope=x",
    "line\\n{}\\n",
    "\x1b[31m{}\x1b[0m",
    "\\u001b[31m{}",
    "sp{}x",
    "no correlation id, tenant {}",
    "tenantId,requestId\n{}",
    "The request was identified by {}",
    "correlation\nid\n\n{}",
)
#: Around what support needs.
AROUND_TRACES = (
    "Correlation ID: {}",
    "correlation id  {}",
    "Trace ID: {} Timestamp: 2026-01-02 03:04:05Z",
    "CorrelationId: {}",
    "RequestId:{}\nTime:2026-01-02T03:04:05Z",
    "Request Id: {}",
    "request-id: {}",
    "x-ms-request-id: {}",
    "X-Ms-Correlation-Request-Id: {}",
    "x-ms-client-request-id={}",
    "x-ms-routing-request-id: EASTUS:20260102T030405Z:{}",
    '"correlation_id":"{}"',
    '"correlation_id" : "{}"',
    '"correlationId": "{}"',
    '\\"trace_id\\": \\"{}\\"',
    "{{'traceId': '{}'}}",
    "('x-ms-request-id', '{}')",
    "<RequestId>{}</RequestId>",
    "correlation_id = '{}'",
    "Entra trace id  {}",
    "open a support case with the correlation id\n        {}.",
    "Correlation ID:\n{}",
    "the correlation id is {}",
    "Activity ID: {}",
    "**Request ID**: `{}`",
)
ADDRESSES = (
    "198.51.100.7",
    "10.0.0.4",
    "2001:db8::1",
    "2001:DB8:0:0:0:0:0:2",
    "fe80::1",
    "fd12:3456::",
    "64:ff9b::c633:6407",
)
#: Around an address; a colon behind it may be a part of it, where it has colons.
AROUND_ADDRESSES = (
    "{}",
    "client with IP '{}' is not allowed access.",
    "dial tcp {}: i/o timeout",
    "dial tcp [{}]:443: connection refused",
    "https://[{}]/v2/",
    "ip:{}",
    "source:{} denied",
    "address={};",
    "user@{}",
    "rule {}/28",
    "({}, 443)",
    "['{}']",
    "a\\n{}\\n",
    "%5B{}%5D",
    "\x1b[1;31m{}\x1b[0m",
    "\\x1b[31m{}",
    "It is {}.",
    "...{}",
    "ip-{}",
    "ip == {}",
    "released {} to the pool",
)
LOOK_ALIKES = (
    "version 198.51.100.7",
    "Version: 11.2.3.4",
    '"version": "11.2.3.4"',
    "v11.2.3.4",
    "release 11.2.3.4",
    "package-11.2.3.4.tar.gz",
    "package==11.2.3.4, other>=11.2.3.4",
    "Mozilla/5.0 Chrome/119.0.0.0 Safari/537.36",
    "libssl.so.11.2.3.4",
    "11.2.3.4-beta1 11.2.3.4rc1 11.2.3.4-1ubuntu2",
    "11.2.3.4.5",
    "10.0.19045.1",
    "1.26.0",
    "oid=2.5.29.17, RFC 5280, section 4.2.1.6, 1.3.6.1.5.5.7.3.1",
    "at 12:34:56, 2026-01-02T03:04:05.678Z, in 1:02:03.5",
    "names[1::2] names[::2] names[::-1]",
    "test_a.py::TestB::test_c acr::myacr.azurecr.io::basic::dns",
    "std::dec a::b face::add dead::beef",
    "12:34:56:78:9a:bc:de:f0",
    "00:11:22:33:44:55",
    ":".join(["ab"] * 20),
    "sha256:" + "0123456789abcdef" * 4,
    "0123456789abcdef0123456789abcdef",
    "id-1 address-1",
    "9d1f6c20-3b7e-4a58-8c05",
)
PUBLIC = (
    "00000000-0000-0000-0000-000000000000",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "B24988AC-6180-42A0-AB88-20F7382DD24C",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "127.0.0.1",
    "127.0.0.53",
    "::1",
    "[::1]:8080",
    "0.0.0.0/0",
    "168.63.129.16",
    "http://169.254.169.254/metadata",
    "::ffff:127.0.0.1",
    "::FFFF:169.254.169.254",
)


def digits(text: str) -> str:
    """Return a text as it would be searched: without the signs that other spellings leave out."""
    return text.lower().replace("-", "")


@pytest.mark.parametrize("around", AROUND_IDS)
@pytest.mark.parametrize("spelt", [ID, ID.upper()], ids=["lower", "upper"])
def test_ids(around: str, spelt: str) -> None:
    """An id gets its stand-in wherever it stands, and nothing around it changes."""
    assert Masking().mask(around.format(spelt)) == around.format("id-1")


@pytest.mark.parametrize("around", AROUND_TRACES)
def test_what_support_needs(around: str) -> None:
    """A correlation, request or trace id stays, beside an id that does not, unless it is one that signs in."""
    text = f"{around.format(ID)} for {OTHER}"
    assert Masking().mask(text) == text.replace(OTHER, "id-1")
    masking = Masking()
    masking.know({"AZURE_TENANT_ID": ID})
    assert ID not in masking.mask(text)


@for_each("around", AROUND_ADDRESSES)
@for_each("address", ADDRESSES)
def test_addresses(around: str, address: str) -> None:
    """An address gets its stand-in wherever it stands, and nothing around it changes."""
    assert Masking().mask(around.format(address)) == around.format("address-1")


@pytest.mark.parametrize("spelt", ["::ffff:198.51.100.7", "::FFFF:C633:6407", "0:0:0:0:0:ffff:c633:6407"])
def test_mapped_addresses(spelt: str) -> None:
    """An IPv4 address in an IPv6 one is the same one, and still looks like one in the other's clothes."""
    assert Masking().mask(f"198.51.100.7 [{spelt}]:443") == "address-1 [::ffff:address-1]:443"


def test_an_address_in_a_query() -> None:
    """The colons of an address are escaped in a URL."""
    assert Masking().mask("?ip=2001%3Adb8%3A%3a1&x") == "?ip=address-1&x"


@pytest.mark.parametrize("text", [*LOOK_ALIKES, *PUBLIC])
def test_what_stays(text: str) -> None:
    """What only looks like an id or an address stays, and so does what is everybody's."""
    assert Masking().mask(text) == text


def test_a_private_number_behind_a_name_is_an_address() -> None:
    """No version has the numbers of a private network, but hosts are written with a slash or a dash, too."""
    assert Masking().mask("vm-7/10.0.0.4 gateway-10.0.0.5 curl/10.0.0.4:443") == (
        "vm-7/address-1 gateway-address-2 curl/address-1:443"
    )


def test_stand_ins_tell_apart() -> None:
    """In the order of first appearance; the same one again gets the same; and what is masked is not masked again."""
    masking = Masking()
    first = masking.mask(f"{ID} {OTHER} {ID.upper()} 10.0.0.1-10.0.0.9 10.0.0.1")
    assert first == "id-1 id-2 id-1 address-1-address-2 address-1"
    assert masking.mask(first) == first
    assert masking.mask(f"{OTHER} 10.0.0.9") == "id-2 address-2"
    assert Masking("gw0-").mask(ID) == "gw0-id-1"


def test_an_id_without_dashes() -> None:
    """Only one that the run knows: the rest are digests."""
    masking = Masking()
    assert masking.mask(f"pe-{BARE} {ID}") == f"pe-{BARE} id-1"
    assert masking.mask(f"pe-{BARE.upper()}00 {OTHER.replace('-', '')}") == f"pe-id-100 {OTHER.replace('-', '')}"
    masking.know({"DEPLOY_CLIENT_ID": OTHER})
    assert masking.mask(OTHER.replace("-", "")) == "id-2"


def test_tenants_by_their_domain() -> None:
    """A tenant may be named by a domain: by its first one, or by the one that the environment gives."""
    masking = Masking()
    masking.know({"AZURE_TENANT_ID": "contoso.example", "AZURE_CLIENT_ID": ID, "HOME": "/home/ci.example"})
    text = "https://login.microsoftonline.com/contoso.example/ contoso.onmicrosoft.com ci.example my.contoso.example"
    assert masking.mask(text) == "https://login.microsoftonline.com/id-2/ id-1 ci.example my.contoso.example"


def test_a_trace_without_its_word() -> None:
    """What our own failure says is a correlation id stays where no word says so."""
    masking = Masking()
    masking.keep(f"{ID.upper()}, {OTHER}")
    assert masking.mask(f"quote {ID}") == f"quote {ID}"


@pytest.mark.parametrize(
    "value",
    [
        {"correlation_id": ID},
        [("acr_correlation_id", f"{ID}, {OTHER}")],
        [["X-Ms-Correlation-Request-Id", ID]],
        SimpleNamespace(trace_id=ID),
    ],
    ids=repr,
)
def test_names_around_values(value: object) -> None:
    """What stands under such a name stays, however a report holds the two."""
    assert ReportCleaner(TextCleaner(Secrets(), Masking())).of(value) is value


def test_values_of_a_report() -> None:
    """All else is masked in whatever holds it, objects that are ids and addresses among them."""
    clean = ReportCleaner(TextCleaner(Secrets(), Masking())).of
    assert clean([("tenant", ID), ("request", OTHER)]) == [("tenant", "id-1"), ("request", "id-2")]
    assert clean({ID: {"address": ["10.0.0.4", b"10.0.0.4"]}}) == {"id-1": {"address": ["address-1", b"address-1"]}}
    assert clean(uuid.UUID(ID)) == "id-1"
    assert clean(ip_address("10.0.0.4")) == "address-1"


def test_secrets_and_ids_leave_by_one_door(pytester: pytest.Pytester) -> None:
    """What a run prints is clean of both; without the option, of secrets alone."""
    secrets = Secrets()
    secrets.add("planted/secret")
    for arguments, expected in ((("--acr-mask-ids",), "*** id-1 address-1"), ((), f"*** {ID} 10.0.0.4")):
        words = TextCleaner.of(settings.read(pytester.parseconfig(*arguments), {}), secrets)
        assert words.clean(f"planted/secret {ID} 10.0.0.4") == expected


@pytest.mark.parametrize(
    "text",
    ["a" * 10**5, ":" * 10**5, "1." * 10**5, "f:" * 10**5, "\\" * 10**5, "%3a" * 10**5, "correlation " + " " * 10**5],
    ids=lambda text: text[:3],
)
def test_no_text_is_slow(text: str) -> None:
    """What only begins like an id or an address is left alone; a text that took its square would end by the timeout."""
    assert Masking().mask(text) == text
