"""``yibao recompute``: does a stored determination come out again?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option

if TYPE_CHECKING:
    from yibao.offices.actuary.recomputing import Recomputed

_EXAMPLES = """\b
Examples:
  yibao quote bill.yaml --json > stored.json
  yibao recompute stored.json bill.yaml
"""


@click.command(epilog=_EXAMPLES)
@click.argument("stored", type=click.Path(path_type=Path, readable=False))
@click.argument("bill", type=click.Path(path_type=Path, readable=False))
@click.option("--policy", default="", help="Recompute under this policy instead of the stored one.")
@language_option
def recompute(stored: Path, bill: Path, policy: str, language: Language) -> None:
    """Settle BILL again and compare with STORED, the output of `yibao quote --json`.

    Exit code 1 if a figure or the policy is another one now.
    """
    from yibao.offices.actuary import recomputing
    from yibao.offices.actuary.recomputing import read_stored

    done = recomputing.recompute(read_stored(stored), bill, policy=policy)
    for told in _told(done):
        click.echo(told.in_language(language))
    if not done.is_equal:
        raise SystemExit(1)


def _told(done: Recomputed) -> list[Text]:
    told = []
    if done.is_equal:
        count = done.entries_count
        told.append(
            Text(
                f"复算一致: {count} 笔结算结果完全相同",
                f"equal: {count} of {count} rows come out the same",
            )
        )
    told += [
        Text(
            f"政策已变化: {plan} 的政策哈希不同", f"the policy has changed: another hash of {plan}"
        )
        for plan in done.policies_changed
    ]
    difference = done.difference
    if difference is not None:
        claim, place = difference.claim_id, difference.path
        told.append(
            Text(
                f"首个差异: 结算单 {claim} 的 {place}: 存档 {difference.stored}，"
                f"复算 {difference.computed}",
                f"first difference: claim {claim}, {place}: stored {difference.stored},"
                f" computed {difference.computed}",
            )
        )
    elif not done.is_equal:
        told.append(Text("各项数字相同", "every figure is the same"))
    before, now = done.engine_versions
    if before != now:
        told.append(
            Text(f"引擎版本: 存档 {before}，现在 {now}", f"engine: stored {before}, now {now}")
        )
    return told
