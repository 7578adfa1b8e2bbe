"""Where a product's files lie: in its own folder, else in that of the product it says it is like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rig.datafile import load
from rig.errors import FileError
from rig.recipe.product import Product

PRODUCT = "product.yaml"
STEPS = "test_*.py"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The folders a product's files are looked up in, its own first."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path, product: Product) -> Self:
        """Follows ``like`` from product to product. Raises FileError when it leads nowhere or around."""
        folders = [folder]
        while product.like is not None:
            file, beside = folders[-1] / PRODUCT, folders[-1].parent / product.like
            if beside in folders:
                raise FileError(file, "like", repr(product.like), "a product that is not like this one")
            if not (beside / PRODUCT).is_file():
                raise FileError(file, "like", repr(product.like), f"a product of {beside.parent}")
            product = load(beside / PRODUCT, Product)
            folders.append(beside)
        return cls(tuple(folders))

    def files(self, name: str) -> list[Path]:
        """All files of that name, the nearest first."""
        return [folder / name for folder in self.folders if (folder / name).is_file()]

    def file(self, name: str) -> Path:
        """The nearest file of that name; where there is none, its place in the product's own folder."""
        return next(iter(self.files(name)), self.folders[0] / name)

    @property
    def steps(self) -> Path:
        """The folder of the plan's modules: the nearest that has any. Modules of two are never mixed."""
        having = (folder for folder in self.folders if any(folder.glob(STEPS)))
        return next(having, self.folders[0])
