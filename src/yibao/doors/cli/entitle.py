"""``yibao entitle``: an entitlement by formula, worked out for one person on one day."""

from __future__ import annotations

from pathlib import Path

import click

from yibao.base.texts import Language
from yibao.doors.cli.entry import language_option

_EXAMPLES = """\b
Examples:
  yibao entitle waiting.yaml
  yibao entitle waiting.yaml --policy 370200 --language zh
"""


@click.command(epilog=_EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--policy", default="", help="Area code or policy folder; default: the file's.")
@click.option("--with-examples", is_flag=True, help="Switch the overlays of example values on.")
@click.option("--json", "as_json", is_flag=True, help="Print data, not prose.")
@language_option
def entitle(
    file: Path, policy: str, with_examples: bool, as_json: bool, language: Language
) -> None:
    """Work out the entitlement that FILE asks for, and explain it line by line.

    FILE is YAML (docs/entitlements.md): the entitlement's name, a date, and facts of the person.
    """
    from yibao.engines.benefits.explain_entitlement import entitlement_json, told
    from yibao.offices.actuary.entitling import entitle as work_out

    found = work_out(file, policy=policy, with_examples=with_examples)
    if as_json:
        click.echo(entitlement_json(found.explanation).decode())
    else:
        click.echo(told(found.explanation, language))
