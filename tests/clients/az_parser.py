"""Gives commands to az's own parser and runs none of them. Started with the interpreter that az is installed for.

Standard input is a JSON list of argument lists, without ``az``. Standard output is a JSON list of what the parser said
to each of them, '' where it took it. Validation and execution, which come behind the parser, are left out.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any


def named(arguments: list[str], table: dict[str, Any]) -> str:
    """Return the command's name in az's table, '' where there is no such command."""
    lengths = range(len(arguments), 0, -1)
    return next((name for length in lengths if (name := " ".join(arguments[:length])) in table), "")


def main() -> None:
    """Load the commands that are asked about, with their arguments, as `az` itself does for one, and parse."""
    from azure.cli.core import get_default_cli
    from azure.cli.core.commands.events import EVENT_INVOKER_PRE_LOAD_ARGUMENTS
    from knack.events import EVENT_INVOKER_POST_CMD_TBL_CREATE

    asked = json.load(sys.stdin)
    cli = get_default_cli()
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    parser, loader = cli.invocation.parser, cli.invocation.commands_loader
    with contextlib.redirect_stdout(sys.stderr):
        loader.load_command_table(None)
        names = [named(arguments, loader.command_table) for arguments in asked]
        table = loader.command_table = {name: loader.command_table[name] for name in names if name}
        cli.raise_event(EVENT_INVOKER_PRE_LOAD_ARGUMENTS, commands_loader=loader)  # brings --subscription
        for name in table:
            cli.invocation.data["command_string"] = name  # the arguments of other commands are left out
            loader.load_arguments(name)
        # Brings --ids, with which the parser requires nothing else: for those commands alone that are given it.
        loader.command_table = {
            name: table[name] for name, each in zip(names, asked, strict=True) if name and "--ids" in each
        }
        cli.raise_event(EVENT_INVOKER_POST_CMD_TBL_CREATE, commands_loader=loader)
        loader.command_table = table
        parser.load_command_table(loader)
        said = [parse(parser, each) if name else "no such command" for name, each in zip(names, asked, strict=True)]
    json.dump(said, sys.stdout)


def parse(parser: Any, arguments: list[str]) -> str:
    """Return what the parser says against arguments, '' where it takes them."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            parser.parse_args(arguments)
        except SystemExit:
            return said.getvalue().strip() or "refused"
    return ""


if __name__ == "__main__":
    main()
