"""Products and the answers their simulated silicon knows, kept while their files stay as they are."""

from __future__ import annotations

from pathlib import Path

from rig.datafile import load
from rig.errors import UsageError
from rig.recipe import Product
from rig.recipe.lookup import Lookup
from rig.sim.answers import AnswerBook
from rig.work.pack import check_pack, load_pack


class Shelf:
    """Products and their answer books, read once for each state of their files."""

    def __init__(self) -> None:
        self._books: dict[tuple[Path, int], AnswerBook] = {}

    def take(self, plans: Path, name: str) -> tuple[Product, AnswerBook]:
        """Raises UsageError or FileError."""
        file = plans / name / "product.yaml"
        if not file.is_file():
            raise UsageError(f"product {name!r}: no plan in {plans}")
        product = load(file, Product)
        pack = Lookup.of(file.parent, product).file(product.simulated_silicon.pack)
        key = (pack, pack.stat().st_mtime_ns if pack.is_file() else 0)
        if key not in self._books:
            loaded = load_pack(pack)
            check_pack(loaded, product, pack)
            self._books[key] = AnswerBook(loaded)
        return product, self._books[key]
