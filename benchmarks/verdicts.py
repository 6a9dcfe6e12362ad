"""A measured ratio and its goal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Goal(NamedTuple):
    """The aim of a ratio, and the value at which it is a defect; the greater one is the good direction."""

    name: str
    aim: float
    defect: float

    def verdict(self, measured: float) -> str:
        """`ok`, `below aim` or `DEFECT`."""
        sign = 1 if self.aim > self.defect else -1
        if measured * sign >= self.aim * sign:
            return "ok"
        return "below aim" if measured * sign >= self.defect * sign else "DEFECT"


class Finding(NamedTuple):
    """A goal with its measured ratios, one per round, and a text about the comparison."""

    goal: Goal
    ratios: Sequence[float]
    detail: str = ""

    @property
    def measured(self) -> float:
        """The median of the rounds; not a number where nothing could be measured."""
        return statistics.median(self.ratios) if self.ratios else math.nan

    @property
    def verdict(self) -> str:
        """The verdict on the median."""
        return self.goal.verdict(self.measured) if self.ratios else "not measured here"

    def row(self) -> tuple[str, ...]:
        """The cells of its line."""
        spread = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}" if len(self.ratios) > 1 else ""
        relation = ">=" if self.goal.aim > self.goal.defect else "<="
        limits = (f"{relation} {self.goal.aim:.2f}", f"{self.goal.defect:.2f}")
        return (self.goal.name, f"{self.measured:.2f}", spread, *limits, self.verdict, self.detail)


_HEADINGS = ("ratio", "measured", "rounds", "aim", "defect", "verdict", "compared")


def table(findings: Sequence[Finding]) -> str:
    """One line for each finding, under headings."""
    rows = [_HEADINGS, *(finding.row() for finding in findings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
