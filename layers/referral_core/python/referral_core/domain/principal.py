"""Who may do what: a token's client is a principal of one tenant, with one role."""

from __future__ import annotations

from referral_core.domain.errors import Forbidden
from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model
from referral_core.domain.updates import Reported, Role


class Principal(Model):
    """The item that a verified client id maps to; the tenant comes from here only.

    Attributes:
        organization: the EHR system, clinic or payer that the client speaks for.
    """

    client_id: str
    tenant: Tenant
    role: Role
    organization: str

    def require_role(self, *roles: Role) -> None:
        """Raise Forbidden unless the principal has one of the roles."""
        if self.role not in roles:
            allowed = ", ".join(sorted(roles))
            raise Forbidden(f"This needs the role {allowed}; this client has {self.role}.")

    def require_may_post(self, kind: type[Reported]) -> None:
        """Raise Forbidden unless the role may post this kind of update."""
        self.require_role(*kind.posted_by)
