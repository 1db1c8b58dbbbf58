"""``yibao ledger``: the funds' books, from opening them to verifying that nobody bent them."""

from __future__ import annotations

from importlib import import_module

import click

from yibao.doors.cli.ledger_words import check_words

_EXAMPLES = """\b
Examples:
  yibao ledger open 370200 --on 2023-12-31      the book, from the shipped chart
  yibao ledger post events.csv                  business events; all of them or none
  yibao ledger balance resident/provider_payable --as-of 2024-06-30
  yibao ledger statement --year 2024 --out statement.xlsx
  yibao ledger close year 2024 --with-parts
  yibao ledger verify --seals kept-elsewhere.jsonl
"""
_COMMANDS = {
    "open": ("ledger_opening", "Open an area's book, or install its newer chart."),
    "post": ("ledger_posting", "Post a file of business events."),
    "reverse": ("ledger_posting", "Reverse an entry, whole and once."),
    "reserve": ("ledger_reserving", "Hold an amount on a guarded account."),
    "release": ("ledger_reserving", "Let a reservation go."),
    "overdraft": ("ledger_reserving", "Permit a fund to be overdrawn for some days."),
    "balance": ("ledger_balances", "Balances as of a day, as known on another."),
    "trial": ("ledger_balances", "The trial balance of a period."),
    "journal": ("ledger_journal", "Search entries, page by page; show one in full."),
    "statement": ("ledger_statements", "Income and spending of each fund in a year."),
    "budget": ("ledger_budgets", "Set budgets; show how far they are used."),
    "close": ("ledger_periods", "Close days, a month or a year."),
    "reopen": ("ledger_periods", "Open a closed period again, with a second person."),
    "reconcile": ("ledger_reconciling", "Compare a provider's list or a bank's statement."),
    "seal": ("ledger_verifying", "Seal what is booked, at once."),
    "verify": ("ledger_verifying", "Verify that the books are what was booked."),
}  # fmt: skip
"""Each command, the module of ours that has it under its name, and its line in the help."""


class _Books(click.Group):
    """A group whose commands are imported when they are called."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Words that no book could keep are refused before anything is done."""
        check_words(context, args)
        return super().parse_args(context, args)

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del context
        return list(_COMMANDS)

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        del context
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"yibao.doors.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        del context
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])


@click.group(cls=_Books, epilog=_EXAMPLES)
def ledger() -> None:
    """The funds' books: post, read, close, reconcile, verify.

    Commands act in the name of whoever logged in here with `yibao access login`. The database is
    the embedded one (`yibao db start`, `yibao db migrate`), or the one YIBAO_DATABASE_URL names.
    Amounts are yuan on the command line and in tables, integer fen in JSON. docs/ledger-files.md.
    """
