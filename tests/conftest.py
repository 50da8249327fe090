"""For all tests: hypothesis judges behaviour, never how long a machine takes."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """Spare the collector what lives as long as the run: ten thousand tests and their modules."""
    gc.collect()
    gc.freeze()
