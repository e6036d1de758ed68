"""The datasets of a source as a tree, by attribute, which Tab completes, and by slug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._later import Later

if TYPE_CHECKING:
    from . import _html
else:
    _html = Later("datatake._html")

__all__ = ["Collections", "Group"]

D = TypeVar("D")
C = TypeVar("C")


class Collections(dict[str, C]):
    """The collections of a dataset by name: a dict that notebooks show as a table."""

    def _repr_html_(self) -> str:
        return _html.of_collections([getattr(c, "_info", None) for c in self.values()], list(self))


class Group(Generic[D]):
    """`datasets.open_data.copernicus.sentinel2_msi`, `datasets["open_data.copernicus.sentinel2_msi"]`."""

    def __init__(self) -> None:
        self._members: dict[str, Any] = {}

    def _add(self, slug: str, dataset: D) -> None:
        group: Group[D] = self
        *groups, name = slug.split(".")
        for word in groups:
            found = group._members.setdefault(word, Group())
            if not isinstance(found, Group):  # a dataset has the name of a group: the group wins, the slug still finds it
                found = group._members[word] = Group()
            group = found
        group._members.setdefault(name, dataset)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._members:
            return self._members[name]
        raise AttributeError(f"No such dataset or dataset group '{name}'")

    def __getitem__(self, slug: str) -> D:
        if not isinstance(slug, str):
            raise TypeError(f"slug: the name of a dataset is expected, not {slug!r}")
        group: Any = self
        for word in slug.split("."):
            if not isinstance(group, Group) or word not in group._members:
                raise KeyError(f"No such dataset or dataset group '{slug}'")
            group = group._members[word]
        return group  # type: ignore[no-any-return]

    def __contains__(self, slug: object) -> bool:
        try:
            return isinstance(slug, str) and self[slug] is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        for name, member in self._members.items():
            if isinstance(member, Group):
                yield from (f"{name}.{slug}" for slug in member)
            else:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._members]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def _repr_html_(self) -> str:
        return _html.of_tree([(slug, self[slug]._dataset.summary) for slug in self])  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        from textwrap import indent, wrap

        text = ""
        for name, member in self._members.items():
            if isinstance(member, Group):
                text += f"{name}:\n{indent(repr(member), '    ')}"
            else:
                summary = "\n".join(wrap(member._dataset.summary, 80, subsequent_indent="    "))
                text += f"{name}: {summary}\n"
        return text
