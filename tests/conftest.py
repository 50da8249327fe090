"""For all tests: hypothesis judges behaviour, never how long a machine takes.

`pytest --hypothesis-profile=wide` tries ten times as much of each property.
"""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", _UNHURRIED, max_examples=50)
settings.register_profile("wide", _UNHURRIED, max_examples=500)
settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """Spare the collector what lives as long as the run: ten thousand tests and their modules."""
    gc.collect()
    gc.freeze()
