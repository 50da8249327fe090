"""Which cells of few patients are not shown, and what else is not, so that none can be worked out.

What a report shows can be subtracted from its total, and from the same report by fewer cuts, which
anybody may ask for. So of every such total at least two cells are hidden, and together not few.
Where there are no two (the only language of a pathway), the total says what the cell does: then
nobody is told of which patients it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import Final, NamedTuple

FEW: Final = 11
"""Cells of patient attributes under so many are not shown."""
_LEAST: Final = 2
"""Hidden cells of a total: a single one is the total less the others."""

_MOST: Final = 150
"""Unknowns that are solved for together; beyond, elimination takes longer than a caller waits."""
_POSSIBLE: Final = 20_000
"""Cells that there may be where nobody is named; of more, nobody is named at all."""
_PRIME: Final = 2**31 - 1
"""Arithmetic modulo a prime is exact and does not grow."""

Values = tuple[str, ...]


class Cell(NamedTuple):
    """A row's place and size.

    Attributes:
        values: of the cuts, in their order.
        people: who stand behind it, whatever is counted: what decides which others are hidden, so
            that no two figures show what the other hides.
    """

    values: Values
    size: int
    people: int = 0


class Cover(NamedTuple):
    """Places of cells. Attributes: hidden: without numbers; nameless: of them, of nobody named."""

    hidden: frozenset[int]
    nameless: frozenset[int]


class _Total(NamedTuple):
    """A number that anybody may ask for. Attributes: chosen: its cuts; members: what it sums."""

    chosen: tuple[int, ...]
    members: Sequence[int]


def covered(cells: Sequence[Cell], of_patients: Sequence[int]) -> Cover:
    """Return what is not shown of some cells.

    Args:
        cells: of all rows.
        of_patients: places of the cuts that say what a patient is.
    """
    table = _Table(cells, of_patients)
    few = {i for i, cell in enumerate(cells) if 0 < cell.size < FEW}
    found, nameless = set(few), set[int]()
    while True:
        table.cover(found)
        if table.is_too_wide(nameless):
            return Cover(frozenset(range(len(cells))), frozenset(range(len(cells))))
        told = few & table.worked_out(found, nameless)
        if not told or len(nameless) == len(cells):
            return Cover(frozenset(found), frozenset(nameless))
        beside = table.beside(told)
        nameless |= beside if beside - nameless else set(range(len(cells)))
        found |= nameless


class _Table:
    """Cells with the totals that others know of them."""

    def __init__(self, cells: Sequence[Cell], of_patients: Sequence[int]) -> None:
        self._cells = cells
        self._sizes = [cell.size for cell in cells]
        self._values = [cell.values for cell in cells]
        cuts = range(len(cells[0].values)) if cells else range(0)
        self._of_patients = tuple(of_patients)
        self._others = tuple(n for n in cuts if n not in of_patients)
        self._choices = [at for count in cuts for at in combinations(cuts, count)]
        self._totals = [total for at in self._choices for total in self._by(at)]

    def cover(self, found: set[int]) -> None:
        """Hide more cells, the smallest first, until of each total two are hidden, and not few."""
        before = -1
        while before < len(found):
            before = len(found)
            for _, members in self._totals:
                here = [i for i in members if i in found]
                shown = sorted(set(members) - found, key=self._rank)
                while here and shown and (len(here) < _LEAST or self._sum(here) < FEW):
                    here.append(shown.pop(0))
                    found.add(here[-1])
            for members in self._hidden_by_fewer_cuts:
                if found.isdisjoint(members):
                    found.add(min(members, key=self._rank))

    def is_too_wide(self, nameless: set[int]) -> bool:
        """Whether there may be more cells than can be looked at in the time of an answer."""
        patients = len({self._at(i, self._of_patients) for i in range(len(self._sizes))})
        return patients * len(nameless) > _POSSIBLE

    def _rank(self, place: int) -> tuple[int, int, Values]:
        """Return what is hidden first: few people, whatever the figure and its cuts' order."""
        cell = self._cells[place]
        return cell.people, cell.size, cell.values

    @cached_property
    def _hidden_by_fewer_cuts(self) -> Sequence[Sequence[int]]:
        """The cells, by their members, that the reports by fewer cuts hide.

        One of whose parts all are shown is their sum: so one of them is hidden here.
        """
        hidden = []
        for chosen in self._choices:
            of_patients = [n for n, cut in enumerate(chosen) if cut in self._of_patients]
            if of_patients:
                totals = list(self._by(chosen))
                coarse = [
                    Cell(
                        self._at(members[0], chosen),
                        self._sum(members),
                        sum(self._cells[i].people for i in members),
                    )
                    for _, members in totals
                ]
                hidden += [totals[n].members for n in covered(coarse, of_patients).hidden]
        return hidden

    def worked_out(self, found: set[int], nameless: set[int]) -> set[int]:
        """Return the hidden cells that totals tell, put together, and of whom they are."""
        unknown = self._possible(nameless) | {self._values[i] for i in found - nameless}
        told: list[tuple[frozenset[Values], int]] = []
        for chosen in self._choices:
            parts: dict[Values, set[Values]] = {}
            for one in unknown:
                parts.setdefault(tuple(one[n] for n in chosen), set()).add(one)
            of_patients = not set(chosen) <= set(self._others)
            for total in self._by(chosen):
                here = parts.get(self._at(total.members[0], chosen))
                if here and not (of_patients and self._sum(total.members) < FEW):
                    hidden = self._sum(i for i in total.members if i in found)
                    told.append((frozenset(here), hidden))
        values = solved({parts for parts, _ in told})
        # As many as there are parts: each of them is one.
        values |= {one for parts, size in told if size == len(parts) for one in parts}
        return {i for i in found if self._values[i] in values}

    def _possible(self, nameless: set[int]) -> set[Values]:
        """Return the cells that there may be where nobody is named: of whatever patients."""
        places = {self._at(i, self._others): self._values[i] for i in nameless}
        patients = {self._at(i, self._of_patients): v for i, v in enumerate(self._values)}
        others = frozenset(self._others)
        return {
            tuple(there[n] if n in others else own[n] for n in range(len(own)))
            for own in patients.values()
            for there in places.values()
        }

    def beside(self, told: set[int]) -> set[int]:
        """Return the cells that differ from some only by what their patients are."""
        return {i for _, members in self._by(self._others) if told & set(members) for i in members}

    def _by(self, chosen: tuple[int, ...]) -> Iterator[_Total]:
        """Yield the totals of the report by some of the cuts; of nothing there is none."""
        found: dict[Values, list[int]] = {}
        for place in range(len(self._sizes)):
            if self._sizes[place]:
                found.setdefault(self._at(place, chosen), []).append(place)
        return (_Total(chosen, members) for members in found.values())

    def _at(self, place: int, chosen: tuple[int, ...]) -> Values:
        return tuple(self._values[place][n] for n in chosen)

    def _sum(self, places: Iterable[int]) -> int:
        return sum(self._sizes[i] for i in places)


def solved(sums: Iterable[frozenset[Values]]) -> set[Values]:
    """Return the unknowns that some known sums of them determine, by Gauss's elimination.

    Beyond `_MOST` of them only one after another: sums of which one is left.
    """
    rows = sorted((set(one) for one in sums), key=len)
    known = _one_by_one(rows)
    left = [row for row in (row - known for row in rows) if row]
    names = sorted(set().union(*left)) if left else []
    if len(names) > _MOST:
        return known
    equations = [{names.index(name): 1 for name in row} for row in left]
    return known | {names[n] for n in _eliminated(equations)}


def _one_by_one(rows: Sequence[set[Values]]) -> set[Values]:
    known: set[Values] = set()
    while new := {one for row in rows if len(row - known) == 1 for one in row - known}:
        known |= new
    return known


def _eliminated(equations: Sequence[dict[int, int]]) -> set[int]:
    """Return the unknowns that stand alone once each equation is reduced by all others."""
    reduced: dict[int, dict[int, int]] = {}
    for equation in equations:
        row = dict(equation)
        for pivot, by in reduced.items():
            row = _less(row, by, pivot)
        if not row:
            continue
        pivot = min(row)
        inverse = pow(row[pivot], -1, _PRIME)
        row = {n: value * inverse % _PRIME for n, value in row.items()}
        reduced = {at: _less(other, row, pivot) for at, other in reduced.items()}
        reduced[pivot] = row
    return {pivot for pivot, row in reduced.items() if len(row) == 1}


def _less(row: dict[int, int], by: dict[int, int], pivot: int) -> dict[int, int]:
    """Return a row without an unknown, by as much of another row as that takes."""
    factor = row.get(pivot, 0)
    if not factor:
        return row
    found = {n: (row.get(n, 0) - factor * by.get(n, 0)) % _PRIME for n in row.keys() | by.keys()}
    return {n: value for n, value in found.items() if value}
