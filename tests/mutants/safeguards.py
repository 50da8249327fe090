"""The safeguards that tests must miss when they are gone, read from safeguards.toml.

An entry is one edit of one file: `old` is the safeguard's text, `new` is the text without it.
"""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

DATA: Final = Path(__file__).with_name("safeguards.toml")


class Stale(Exception):
    """The entry's text is not in its file exactly once: the safeguard moved or changed."""


class Invalid(Exception):
    """The edit proves nothing: it changes no behaviour, or the file cannot be read with it."""


class Safeguard(BaseModel):
    """One safeguard and how to remove it.

    Attributes:
        name: a sentence that says what no longer holds.
        file: path in the repository.
        old: the exact text, once in the file.
        new: what stands there instead.
        tests: pytest paths or node ids, narrow; one of these tests must fail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    file: str = Field(min_length=1)
    old: str = Field(min_length=1)
    new: str
    tests: tuple[str, ...] = Field(min_length=1)

    def mutated(self, root: Path) -> str:
        """Return the file's text without the safeguard.

        Raises:
            Stale: the file is gone, or `old` is not in it exactly once.
            Invalid: the edit changes nothing, or leaves a file that cannot be parsed.
        """
        path = root / self.file
        if not path.is_file():
            raise Stale(f"{self.file} does not exist")
        text = path.read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            raise Stale(f"the text occurs {found} times in {self.file}, not once")
        mutant = text.replace(self.old, self.new)
        if _parsed(path, text) == _parsed(path, mutant):
            raise Invalid("the edit changes nothing that runs")
        return mutant


def read_safeguards(data: Path = DATA) -> list[Safeguard]:
    """Return the entries of a data file, in its order.

    Raises:
        ValidationError: an entry has a key too many, too few, or of the wrong type.
    """
    entries = tomllib.loads(data.read_text(encoding="utf-8"))["safeguard"]
    return [Safeguard.model_validate(entry) for entry in entries]


def _parsed(path: Path, text: str) -> object:
    """Return what the text means to its reader, so that layout and comments do not count."""
    try:
        match path.suffix:
            case ".py":
                return ast.dump(ast.parse(text))
            case ".json":
                return json.loads(text)
            case _:
                return text
    except (SyntaxError, json.JSONDecodeError) as unreadable:
        raise Invalid(f"{path.name} cannot be parsed with the edit: {unreadable}") from unreadable
