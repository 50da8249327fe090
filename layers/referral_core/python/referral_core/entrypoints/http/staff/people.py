"""What managers do with the people of their tenant: onboarding, another duty or team, leaving."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import Field

from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.errors import NotFound, RouterError
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model
from referral_core.domain.work_items.lists import OfOwner
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.entrypoints.http.staff.views import principal_row
from referral_core.ports.people import Accounts, NameTaken, People

_NOT_KEPT: Final = {"Cache-Control": "no-store"}


class Place(Model):
    """What a person is there for, and whose work they do."""

    name: str = Field(min_length=1, max_length=120)
    duty: Duty = Duty.STAFF
    teams: frozenset[Queue] = frozenset()


class Onboarding(Place):
    """Somebody who comes."""

    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")


@dataclass(frozen=True)
class ManagePeople:
    """Acts for managers, within their tenant."""

    people: People
    accounts: Accounts
    lists: WorkLists

    def onboard(self, request: Request) -> Response:
        """Make a person who can sign in; the answer alone ever says the first password."""
        manager = _manager(request)
        asked = read_body(Onboarding, request.body, "person")
        if asked.username == manager.client_id:
            # One transaction may not check an item and write it.
            _refuse("name-taken", "This sign-in name is your own: choose another.")
        principal = Principal.of_person(asked.username, manager.tenant, _person(asked), asked.teams)
        try:
            # First: whoever has the name keeps it, whatever the pool says of it.
            self.people.add(principal, manager)
        except NameTaken as error:
            _refuse("name-taken", f"{error}{self._if_of_ours(principal)}")
        try:
            password = self.accounts.create(asked.username)
        except NameTaken as error:
            self.people.remove(principal, None)
            _refuse("name-taken", str(error))
        except RouterError:
            # Nobody is listed, and given work, who cannot sign in; the same request comes again.
            self.people.remove(principal, None)
            raise
        body = {**principal_row(principal), "password": password}
        return Response(HTTPStatus.CREATED, body, _NOT_KEPT)

    def change(self, request: Request) -> Response:
        """Give a person another name, duty or teams; it takes effect within a minute."""
        manager, person = self._both(request)
        asked = read_body(Place, request.body, "person")
        if asked.duty.role is not person.role:
            _refuse(
                "another-role",
                "Finance sees no patient, and who sees patients is not finance: "
                "let the person leave, and onboard another sign-in name.",
            )
        changed = Principal.of_person(person.client_id, person.tenant, _person(asked), asked.teams)
        if person.queues - changed.queues:
            # Whose team it no longer is could neither see it nor let it go.
            self._has_nothing_in_hand(person)
        self.people.change(changed, manager)
        return Response(HTTPStatus.OK, principal_row(changed))

    def leave(self, request: Request) -> Response:
        """End a person's access, once nothing is theirs any more; what they did stays on record."""
        manager, person = self._both(request)
        self._has_nothing_in_hand(person)
        # First: who is refused here, since they are no manager any more, ends no account; and of
        # two managers who let each other go one loses nothing.
        self.people.change(_without_authority(person), manager)
        self.accounts.end(person.client_id)
        self.people.remove(person, manager)
        return Response(HTTPStatus.OK, principal_row(person))

    def _if_of_ours(self, principal: Principal) -> str:
        """Say what to do where an earlier request may have been cut off half-way."""
        with suppress(NotFound):
            self.people.person(principal.tenant, principal.client_id)
            return " It is one of your people's: whoever cannot sign in leaves, and comes again."
        return ""

    def _has_nothing_in_hand(self, person: Principal) -> None:
        left = self.lists.count(person.tenant, OfOwner(person.client_id))
        if left:
            those = "1 item is" if left == 1 else f"{left} items are"
            _refuse("has-work", f"{those} theirs: hand over first.")

    def _both(self, request: Request) -> tuple[Principal, Principal]:
        """Return the manager who asks, and whom it is about."""
        manager = _manager(request)
        if request.resource_id == manager.client_id:
            _refuse("oneself", "Ask another manager: nobody changes their own access.")
        return manager, self.people.person(manager.tenant, request.resource_id)


def _manager(request: Request) -> Principal:
    request.principal.require_manager()
    return request.principal


def _without_authority(person: Principal) -> Principal:
    """Return a person who is about to leave: of no team, and no manager any more."""
    known = person.person
    if known is not None and person.is_manager:
        known = known.but(duty=Duty.STAFF)
    return person.but(person=known, teams=frozenset())


def _person(asked: Place) -> Person:
    return Person(name=asked.name, duty=asked.duty)


def _refuse(own_code: str, sentence: str) -> None:
    refuse(own_code, sentence, code="conflict", status=HTTPStatus.CONFLICT)
