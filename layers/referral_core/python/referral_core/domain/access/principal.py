"""Who may do what: a token speaks for a principal of one tenant, with one role."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from referral_core.domain.errors import Forbidden
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model
from referral_core.domain.update_kinds import Role


class Duty(StrEnum):
    """What a person is there for."""

    STAFF = "staff"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    PRIVACY_OFFICER = "privacy-officer"
    FINANCE = "finance"

    @property
    def role(self) -> Role:
        """The role of who has the duty: finance sees figures, and no patient."""
        return Role.FINANCE if self is Duty.FINANCE else Role.STAFF


class Person(Model):
    """A person who signs in, in place of a machine with a secret. Attributes: name: in full."""

    name: str
    duty: Duty = Duty.STAFF


class Principal(Model):
    """The item that a verified token's subject maps to; the tenant comes from here only.

    Attributes:
        client_id: of a machine's app client; the sign-in name of a person.
        organization: the EHR system, clinic or payer that the client speaks for.
        teams: whose work items a client or a person of the role staff sees and decides; None: of
            every team, as a manager's and a machine's are.
        person: who it is, where it is no machine.
        requests_per_minute: how many the API takes of it, over all functions.
        shared_with: of a number that patients write to: the other tenants that write from it.
    """

    client_id: str
    tenant: Tenant
    role: Role
    organization: str
    teams: frozenset[Queue] | None = None
    person: Person | None = None
    requests_per_minute: int = Field(default=3_000, gt=0)
    shared_with: frozenset[Tenant] = frozenset()

    @model_validator(mode="after")
    def _only_a_number_is_shared(self) -> Self:
        """Refuse a client of several tenants: whoever asks by a token is of one."""
        if self.shared_with and self.role is not Role.PATIENT_CHANNEL:
            raise ValueError("only a number that patients write to is shared by tenants")
        return self

    @classmethod
    def of_person(
        cls, username: str, tenant: Tenant, person: Person, teams: Iterable[Queue]
    ) -> "Principal":
        """Return the principal of a person: a manager is of every team, finance of none."""
        of_team: frozenset[Queue] | None = frozenset(teams)
        if person.duty is Duty.MANAGER:
            of_team = None
        elif person.duty is Duty.FINANCE:
            of_team = frozenset()
        return cls(
            client_id=username,
            tenant=tenant,
            role=person.duty.role,
            organization=tenant,
            teams=of_team,
            person=person,
        )

    @property
    def queues(self) -> frozenset[Queue]:
        """The queues whose work items the principal sees and decides."""
        return frozenset(Queue) if self.teams is None else self.teams

    @property
    def is_manager(self) -> bool:
        """Whether it is a person who may hand over what others have claimed."""
        return self.person is not None and self.person.duty is Duty.MANAGER

    def require_manager(self) -> None:
        """Raise Forbidden unless it is a manager."""
        if not self.is_manager:
            raise Forbidden("This needs the duty of a manager.")

    def require_role(self, *roles: Role) -> None:
        """Raise Forbidden unless the principal has one of the roles."""
        if self.role not in roles:
            allowed = ", ".join(sorted(roles))
            raise Forbidden(f"This needs the role {allowed}; this client has {self.role}.")

    def is_of_team(self, queue: Queue) -> bool:
        """Whether the principal is of the team of a queue."""
        return self.teams is None or queue in self.teams
