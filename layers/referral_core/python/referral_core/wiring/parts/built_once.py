"""A function is built once a process, and what was built is then left to itself."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache, wraps
from typing import Final, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_NEW_OBJECTS: Final = 10_000
"""While requests are served: few of them make a circle that only the collector can free."""


def built_once(build: Callable[P, T]) -> Callable[P, T]:
    """Decorate what builds a function: the first call ends the start.

    What is built for other arguments (the shards of a tick) is built once for each.

    Modules, classes and clients live as long as the process. They are put where the garbage
    collector never looks, and from now on it looks often at what is new (see `referral_core`).
    """

    @wraps(build)
    def built(*args: P.args, **kwargs: P.kwargs) -> T:
        made = build(*args, **kwargs)
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
        return made

    return cast("Callable[P, T]", cache(built))
