"""Readiness files as their authors write them: what they mean, and each mistake with file, line and key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readiness_files import ENVIRON, MISTAKES, WHOLE

from pytest_acrauth.model.expiry import Limits
from pytest_acrauth.model.target import Rights
from pytest_acrauth.plugin.asked.readiness import BadFile, Environment, read
from pytest_acrauth.plugin.asked.readiness.places import Places, dotted


def reading(text: str, **named: object) -> Environment:
    """Read a file of the usual environment."""
    return read("acr.toml", text, ENVIRON, **named)


def mistakes(text: str, **named: object) -> list[str]:
    """Return what is wrong with a file."""
    with pytest.raises(BadFile) as raised:
        reading(text, **named)
    assert raised.value.__cause__ is None
    return str(raised.value).splitlines()


def test_a_whole_file() -> None:
    """Everything there is means what it says."""
    found = reading(WHOLE)
    assert {name: values for name, (values, _) in found.run.items()} == {
        "timeout": ("20",),
        "wait": ("1.5",),
        "client": ("docker", "az"),
        "mask-ids": ("true",),
        "evidence": ("service-principal:ACR_READER",),
    }
    assert found.run["wait"][1].origin == "from run.wait in acr.toml, line 4"
    puller, builder = found.identities
    assert (puller.spec, puller.limits) == ("puller=service-principal:ACR_PULLER", Limits(60, 7, required=True))
    assert (builder.spec, builder.limits) == ("build.er=workload-identity", Limits(30, required=True))
    shop, myacr, vault = found.registries
    assert (shop.key, shop.name, shop.place.line) == ("shop", "shopacr", 21)
    pulling, pushing = shop.access
    assert pulling.identities == ("puller",)
    assert [each.text for each in pulling.references] == ["team/app:1.0", "team/web"]
    assert pulling.rights == Rights(("pull",), ("push",))
    assert pushing.rights == Rights(("pull", "push"), (), prove_push=True)
    assert (myacr.name, myacr.access[0].identities) == ("myacr", ("puller", "build.er"))
    assert vault.access == ()
    shut, denied = vault.refusals
    assert (shut.identities, shut.expect, shut.repositories) == (("puller", "build.er"), ("network-shut-out",), ())
    assert (denied.identities, denied.repositories, denied.place.line) == (("puller",), ("team/app",), 39)


def test_a_nest_of_lists_is_told() -> None:
    """The parser gives up on it; its author is told, and no traceback."""
    assert mistakes("a = " + "[" * 5000 + "]" * 5000) == [
        "acr.toml: this is no readiness file: it is nested too deeply"
    ]


#: Texts that parsers take the square, or all memory, for; each is read, or refused in a line, before a test times out.
BOMBS = {
    "header": "[" + ".".join(["a"] * 400_000) + "]",
    "key": ".".join(["a"] * 400_000) + " = 1",
    "key with spaces": "a . " * 200_000,
    "quoted key": ".".join(['"\\u0061"'] * 50_000) + " = 1",
    "key in a table": "x = {" + ".".join(["a"] * 200_000) + " = 1}",
    "brackets": "x = " + "{a=" * 100_000,
    "unclosed text": '"\\' * 400_000,
    "unclosed reference": '[registry.a]\nname = "' + "${" * 400_000 + '"\n[[registry.a.access]]\nmust = ["pull"]',
    "texts": "[registry.a]\n[[registry.a.access]]\nidentities = [" + ",".join(f"'{n}'" for n in range(60_000)) + "]",
    "names": "".join(f"[identity.i{n}]\nmethod = 'anonymous'\n" for n in range(2000))
    + "[registry.a]\n[[registry.a.access]]\nidentities = ["
    + ",".join(f"'j{n}'" for n in range(2000))
    + "]",
    "digits": "[registry.a]\nname = " + "9" * 5000,
    "long name": '[identity."' + "é" * 400_000 + '"]',
    "long variable": '[registry.a]\nname = "${' + "A" * 400_000 + '}"',
}


@pytest.mark.broad(of=4)
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_text_takes_long_or_is_told_at_length(bomb: str) -> None:
    """Whoever can propose a change to the file stops no run with it."""
    told = mistakes(BOMBS[bomb])
    assert 1 <= len(told) <= 51
    assert max(map(len, told)) <= 2000


def test_a_number_beyond_python_s_limit_is_told_where_it_stands() -> None:
    """It is not said to be no text."""
    assert mistakes("[run]\n\ntimeout = " + "9" * 5000) == [
        "acr.toml, line 3: run.timeout: this is no TOML: a number has too many digits"
    ]


@pytest.mark.parametrize(
    "odd", [r"\u001b[31m", r"\n::error::", r"\u202e", r"\u0085", "##vso[task.complete]", r"\u0000"]
)
@pytest.mark.parametrize("table", ['"{}" = 1', '[identity."{}"]', '[registry."{}"]', '[run]\nclient = ["{0}", "{0}"]'])
def test_odd_names_are_told_in_harmless_words(odd: str, table: str) -> None:
    """One line each, nothing that a terminal or a CI system would act on."""
    told = mistakes(table.format(odd))
    assert all(line.startswith("acr.toml, line ") for line in told)
    assert not set("".join(told)) & set("\x1b\x85\x00\u202e")
    assert "##vso[" not in "".join(told)


def test_no_screens_full_of_mistakes() -> None:
    """The first fifty, and how many more there are."""
    told = mistakes("".join(f"[registry.reg{number:05}]\nx = 1\n" for number in range(60)))
    assert len(told) == 51
    assert told[-1] == "acr.toml: and 10 more mistakes"


def test_the_smallest_file() -> None:
    """One registry, and who signs in is found as it is without a file."""
    found = reading("[registry.myacr]\n")
    assert found.identities == ()
    assert found.registries[0].access[0].references == ()
    assert found.registries[0].access[0].rights == Rights()


SECRET = "kUQ8Q~not-to-be-seen"


@pytest.mark.parametrize(("text", "told"), MISTAKES)
def test_a_mistake_is_told_with_file_line_and_key(text: str, told: str) -> None:
    """In one line, and alone."""
    (line,) = mistakes(text)
    assert line.startswith(f"acr.toml, {told}")


def test_all_mistakes_are_told_at_once() -> None:
    """In the order of their lines."""
    text = "[run]\ntimeout = 'x'\n[registry.a]\nnmae = 1\n[identity.b]\nmethod = 'zz'\n"
    assert [line.split(":")[0] for line in mistakes(text)] == [f"acr.toml, line {line}" for line in (2, 4, 6)]


@pytest.mark.parametrize(
    "line",
    [
        f"client_secret = '{SECRET}'",
        f"password = '{SECRET}'",
        f"token = ['{SECRET}']",
        f"private_key = '''\n{SECRET}\n'''",
        f"API-KEY = [{{ value = '{SECRET}' }}]",
        f"'ACR_PASSWORD' = '{SECRET}'",
    ],
)
@pytest.mark.parametrize("table", ["", "[run]", "[identity.a]\nmethod = 'basic'", "[registry.x]", "[identity]"])
def test_a_key_that_would_hold_a_secret_is_refused(table: str, line: str) -> None:
    """Wherever it stands, with where a secret belongs, and without its value."""
    text = f"{table}\n{line}\n[registry.myacr]\n"
    told = mistakes(text)
    assert SECRET not in "\n".join(told)
    (refused,) = [each for each in told if "no secret is ever read from a file" in each]
    assert refused.startswith(f"acr.toml, line {table.count(chr(10)) + 2}: ")


@pytest.mark.parametrize("text", [f"a = '{SECRET}", f"password = {SECRET}", f"password = '{SECRET}'\npassword = 1"])
def test_what_is_no_toml_is_not_shown(text: str) -> None:
    """The parser's words tell what and where."""
    assert SECRET not in "\n".join(mistakes(text))


def test_other_variables_can_be_allowed() -> None:
    """By their names, or by what they begin with."""
    text = "[identity.a]\nmethod='service-principal'\nprefix='PROD'\n[registry.x]\nname='${PROD_NAME}'"
    found = read("acr.toml", text, {"PROD_NAME": "prodacr"}, ["PROD"])
    assert found.registries[0].name == "prodacr"
    with pytest.raises(BadFile, match="not PRODUCT_NAME"):
        read("acr.toml", text.replace("PROD_NAME", "PRODUCT_NAME"), {"PRODUCT_NAME": "x"}, ["PROD"])


def test_a_variable_s_value_is_not_told_where_it_fits_nothing() -> None:
    """It can be a secret under a name that does not say so."""
    told = mistakes("[identity.a]\nmethod = '${ACR_SHOP}'\n[registry.myacr]\n")
    assert "'${ACR_SHOP}' is none of its values" in told[0]
    assert ENVIRON["ACR_SHOP"] not in told[0]


def test_a_value_of_a_variable_is_taken_as_it_is() -> None:
    """What looks like another variable in it is not read."""
    found = read("acr.toml", "[registry.x]\nname='${ACR_X}'", {"ACR_X": "${ACR_Y}", "ACR_Y": "other"})
    assert found.registries[0].name == "${ACR_Y}"


KEYS = st.sampled_from(["a", "b-c", '"d.e"', "'f g'", '"h\\"i"', "j . k"])
VALUES = st.sampled_from(
    [
        "1",
        '"x"',
        "'''\n[no.table]\nno = 1\n'''",
        '"""\n\\"""\n# no\n"""',
        "[1, # ]\n 2,\n]",
        "{ a = 1, b = ['['] }",
        "[ { a = 1 },\n {b=2} ]",
    ]
)


@given(st.lists(st.tuples(KEYS, VALUES, st.sampled_from(["", " # a = 1", "\n"])), min_size=1, max_size=6))
def test_lines_of_any_document(statements: list[tuple[str, str, str]]) -> None:
    """Whatever values stand between, a key is found in its line."""
    text, expected = "", []
    for number, (key, value, end) in enumerate(statements):
        text += f"[t{number}]\n"
        expected.append((f"t{number}", text.count("\n"), text.count("\n") + 1))
        text += f"{key} = {value}{end}\n"
    places = Places(text)
    for table, header, line in expected:
        assert places.line((table,)) == header
        assert places.key_at(line)[0] == table
        assert places.line(places.key_at(line)) == line


def test_keys_are_read_as_people_do() -> None:
    """Tables of lists are counted from one."""
    assert dotted(("registry", "shop", "access", 1, "must")) == "registry.shop.access[2].must"
