"""Runs one module with one mutation: `python -m tests.faults.mutations NAME MODULE [ARGUMENT ...]`."""

import importlib.abc
import importlib.machinery
import importlib.util
import runpy
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.mutations import MUTATIONS, Mutation


class _Loader(SourceFileLoader):
    """Loads the mutated source, past every cache."""

    def __init__(self, name: str, mutation: Mutation) -> None:
        super().__init__(name, str(mutation.path))
        self._mutation = mutation

    def get_data(self, path: str) -> bytes:
        return self._mutation.apply(Path(path).read_text(encoding="utf-8")).encode()

    def path_stats(self, path: str) -> Any:
        raise OSError("a mutated module has no cache")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation
        self._name = mutation.file.removesuffix(".py").replace("/", ".")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, _Loader(fullname, self._mutation))


def _mutate_sql(mutation: Mutation) -> None:
    read = Path.read_text

    def read_text(self: Path, *arguments: Any, **named: Any) -> str:
        text = read(self, *arguments, **named)
        return mutation.apply(text) if self.resolve() == mutation.path else text

    Path.read_text = read_text  # type: ignore[method-assign]


def main(name: str, module: str, arguments: list[str]) -> None:
    mutation = MUTATIONS[name]
    mutation.apply(mutation.path.read_text(encoding="utf-8"))
    if mutation.file.endswith(".sql"):
        _mutate_sql(mutation)
    else:
        sys.meta_path.insert(0, _Finder(mutation))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
