"""Who may do what: a token's client is a principal of one tenant, with one role."""

from __future__ import annotations

from referral_core.domain.errors import Forbidden
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model
from referral_core.domain.updates import Role


class Principal(Model):
    """The item that a verified client id maps to; the tenant comes from here only.

    Attributes:
        organization: the EHR system, clinic or payer that the client speaks for.
        teams: whose work items a client of the role staff decides; None: the tenant has one team.
    """

    client_id: str
    tenant: Tenant
    role: Role
    organization: str
    teams: frozenset[Queue] | None = None

    def require_role(self, *roles: Role) -> None:
        """Raise Forbidden unless the principal has one of the roles."""
        if self.role not in roles:
            allowed = ", ".join(sorted(roles))
            raise Forbidden(f"This needs the role {allowed}; this client has {self.role}.")

    def is_of_team(self, queue: Queue) -> bool:
        """Whether the principal is of the team of a queue."""
        return self.teams is None or queue in self.teams
