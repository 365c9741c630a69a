"""The reference of options and of readiness files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from derived import NOTICE
from derived.markdown import cell, sentence
from pytest_acrauth.auth import DEFAULT, METHODS, Method
from pytest_acrauth.model.evidence import AUTO, OFF
from pytest_acrauth.model.target import ACTIONS, CLOUDS, Flow
from pytest_acrauth.plugin.asked.options import OPTIONS
from pytest_acrauth.plugin.asked.readiness.shape import FILE, Form, Table, Value

#: Where the schema of readiness files is written, beside the page that leads to it.
SCHEMA = Path("docs/reference/readiness-file.schema.json")


def options_page() -> str:
    """Return the reference of options: tables of options, methods, actions and clouds."""
    lines = [
        "# Options",
        "",
        "Each option is a flag, an entry in pytest's configuration file and an environment variable.",
        "The flag wins over the environment, the environment over the file, and the file over the default.",
        "The header of a run says what is in effect and where it came from.",
        "",
        "Options that may be repeated take comma-separated lists as well.",
        "In the configuration file they take one value a line.",
        "A flag without a value is `true` or `false` in the configuration file and in the environment.",
        "A variable that begins with `PYTEST_ACR_` and is none of these is told in a warning.",
        "There is no option for a secret: credentials come from the environment only.",
    ]
    for option in OPTIONS:
        lines += [
            "",
            f"## {option.flag}",
            "",
            f"`{f'{option.flag} {option.metavar}'.strip()}`",
            "",
            sentence(option.summary),
            "",
        ]
        lines += ["| | |", "| --- | --- |"]
        lines += [f"| repeatable | {'yes' if option.many else 'no'} |"]
        lines += [f"| choices | {', '.join(f'`{choice}`' for choice in option.choices)} |"] if option.choices else []
        lines += ["| choices | `true`, `false` |"] if option.switch else []
        default = f"`{option.default}`" if option.default else "`false`" if option.switch else "none"
        lines += [f"| default | {default} |"]
        lines += [f"| configuration file | `{option.ini}` |", f"| environment | `{option.variable}` |"]
    lines += ["", *_methods()]
    lines += ["", "## Actions", "", f"{', '.join(f'`{action}`' for action in ACTIONS)}."]
    lines += ["", "## Clouds", "", "| cloud | login servers end in | authority |", "| --- | --- | --- |"]
    lines += [f"| `{cloud.name}` | `{cloud.registry_suffix}` | `{cloud.authority}` |" for cloud in CLOUDS]
    return NOTICE + "\n".join([*lines, ""])


def readiness_file_page() -> str:
    """Return the reference of readiness files: a table of keys for every table."""
    lines = [
        "# Readiness file",
        "",
        "What `--acr-config` reads, in [TOML](https://toml.io); [a guide](../how-to/readiness-file.md) writes one.",
        (
            f"Editors check and complete it by [its JSON schema]({SCHEMA.name}): put `#:schema` and the path or"
            " address of that file into the first line."
        ),
        "",
        "A text may hold `${ACR_NAME}`, which is the value of that environment variable.",
        (
            "Variables that a file names begin with `ACR_`, are the methods' own `AZURE_…`, or are listed in"
            " [`acr_config_variables`](options.md#acr-config-variables); one that is called as if it held a secret is"
            " never read into a text."
        ),
        "A key that would hold a secret is refused.",
        "Paths are relative to the file.",
    ]
    for name, table in _tables_of(FILE, ""):
        lines += ["", f"## {name}", "", *([sentence(table.summary), ""] if table.summary else [])]
        lines += ["| key | value | what it is |", "| --- | --- | --- |"]
        lines += [f"| `{key}` | {_kind_of(row)} | {sentence(row.summary)} |" for key, row in table.keys.items()]
    return NOTICE + "\n".join([*lines, ""])


def _tables_of(table: Table, name: str) -> Iterator[tuple[str, Table]]:
    """Yield every table of a readiness file under the name that its author writes, from the outside in."""
    if name:
        yield f"[[{name}]]" if table.form is Form.LIST else f"[{name}]", table
    for key, row in table.keys.items():
        if isinstance(row, Table):
            inner = f"{name}.{key}" if name else key
            yield from _tables_of(row, f"{inner}.NAME" if row.form is Form.NAMED else inner)


def _kind_of(row: Value | Table) -> str:
    if isinstance(row, Table):
        return str(row.form)
    choices = f": {', '.join(f'`{choice}`' for choice in row.choices)}" if row.choices else ""
    return f"{row.kind}{choices}{', required' if row.required else ''}"


def _methods() -> Iterator[str]:
    yield from ("## Authentication methods", "")
    yield "What `--acr-auth` takes; [a guide](../how-to/authentication.md) helps to choose."
    yield "`PREFIX` in a value replaces the first word of the variables."
    yield f"`{DEFAULT}` goes by the numbers and takes the first whose credential is there; the others must be named."
    yield from ("", "| method | `default` | variables | what it is |", "| --- | --- | --- | --- |")
    place = 0
    for method in METHODS:
        place += method.detected
        number = str(place) if method.detected else ""
        yield f"| `{method.name}` | {number} | {', '.join(_variables(method))} | {cell(method.summary)} |"
    entra = ", ".join(f"`{method.name}`" for method in METHODS if method.flow is Flow.ENTRA)
    yield ""
    yield f"`--acr-evidence` takes `{AUTO}`, `{OFF}`, and of these the methods through Entra, with a prefix if needed:"
    yield f"{entra}."


def _variables(method: Method) -> Iterator[str]:
    """Yield what a method reads, as a cell of the table names it."""
    yield from (f"`{method.prefix}_{suffix}`" for suffix in method.variables)
    if method.either:
        yield " or ".join(f"`{method.prefix}_{suffix}`" for suffix in method.either)
    yield from (f"`{name}` (whatever the prefix)" for name in method.given)
    yield from (f"`PREFIX_{suffix}` (with a prefix)" for suffix in method.prefixed)
    yield from (f"`{method.prefix}_{suffix}` (optional)" for suffix in method.optional)
