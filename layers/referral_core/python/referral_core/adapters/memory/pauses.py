"""Pauses in memory: those of a MemoryDirectory."""

from __future__ import annotations

from collections.abc import Sequence

from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope


class MemoryPauses:
    """Writes and lists the pauses of a directory."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """Take the directory."""
        self._directory = directory

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List a tenant's pauses."""
        return self._directory.pauses(tenant)

    def pause(self, asked: Pause) -> None:
        """Hold back; a pause that is there already is replaced."""
        self.resume(asked.tenant, asked.scope, asked.of)
        self._directory.paused = [*self._directory.paused, asked]

    def resume(self, tenant: Tenant, scope: PauseScope, of: str) -> bool:
        """Let go on; return whether it was paused."""
        named = (tenant, scope, of)
        left = [p for p in self._directory.paused if (p.tenant, p.scope, p.of) != named]
        was_paused = len(left) < len(self._directory.paused)
        self._directory.paused = left
        return was_paused
