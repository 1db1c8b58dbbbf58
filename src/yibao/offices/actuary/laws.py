"""Opening a law whole: an area's policy, by code or by folder, with its catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.benefits.catalogue import Catalogue
from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.policies import area_from_folder, open_area
from yibao.storage.files.catalogues import read_catalogue
from yibao.storage.files.policies import areas_in
from yibao.storage.files.shipped import policies_root


class UnableToOpenLaw(YibaoError):
    """No policy, or no catalogue, where one was named."""


def open_law(
    policy: str,
    *,
    with_examples: bool = False,
    reforms: Sequence[str] = (),
    catalogue: Path | None = None,
) -> Law:
    """The law of an area code or a folder; ``catalogue`` is read in place of the area's own.

    Raises:
        UnableToOpenLaw: if there is no such area, folder or catalogue.
        FaultsFound: with every fault of its files.
    """
    folder = Path(policy)
    if folder.is_dir():
        area = area_from_folder(folder, with_examples=with_examples, reforms=reforms)
    else:
        folder = policies_root() / policy
        if not policy or not folder.is_dir():
            raise _no_policy(policy)
        area = open_area(policy, with_examples=with_examples, reforms=reforms)
    place = catalogue or folder / "catalogue"
    if not place.exists():
        if catalogue is not None:
            raise _no_catalogue(catalogue)
        return Law(area, Catalogue())
    return Law(area, read_catalogue(place, facts=area.facts, with_examples=with_examples))


def _no_policy(named: str) -> UnableToOpenLaw:
    shipped = ", ".join(areas_in(policies_root()))
    return UnableToOpenLaw(
        Text(f"没有政策“{named}”", f"there is no policy '{named}'"),
        Text(
            f"请写政策目录，或随程序安装的统筹区之一: {shipped}",
            f"name a folder of policies, or one of the shipped areas: {shipped}",
        ),
    )


def _no_catalogue(place: Path) -> UnableToOpenLaw:
    return UnableToOpenLaw(
        Text(f"没有目录文件 {place}", f"there is no catalogue {place}"),
        Text(
            "请指定 CSV 文件或目录，见 docs/catalogue-format.md",
            "name a CSV file or a folder of them: see docs/catalogue-format.md",
        ),
    )
