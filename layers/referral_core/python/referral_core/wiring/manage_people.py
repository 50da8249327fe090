"""The function manage_people."""

from __future__ import annotations

from referral_core.adapters.aws.dynamodb.people import PeopleTable
from referral_core.adapters.aws.user_pool import UserPoolAccounts
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.routes import people_app
from referral_core.entrypoints.http.staff.people import ManagePeople
from referral_core.entrypoints.http.staff.saved_filters import KeepFilters
from referral_core.ports.people import Accounts
from referral_core.settings import settings
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.throttle import throttle
from referral_core.wiring.parts.work_lists import work_lists


@built_once
def build() -> HttpEndpoint:
    """Build the function manage_people."""
    people = PeopleTable(aws_client("dynamodb"), settings().need("table_name"))
    use = ManagePeople(people, accounts(), work_lists())
    app = people_app(use, KeepFilters(people, clock()))
    return app.admitting(throttle().admit).audited(audit())


def accounts() -> Accounts:
    """Return the accounts of people."""
    return UserPoolAccounts(aws_client("cognito-idp"), settings().need("user_pool_id"))
