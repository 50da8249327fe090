"""Updates from payers and clinics."""

from datetime import date, datetime
from typing import Literal

from referral_core.domain.codes import Coded, CodedOrEmpty, Numbered
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.updates.reported import Reported


class AuthorizationDecided(Reported):
    """The payer's decision on a request, from the payer or told to staff by phone.

    Attributes:
        trace: the router's identifier of the request; None when staff name none.
        review_action: the payer's own code (X12 306), or `phone`.
        reason: the payer's reason codes.
        document: SHA-256 of the payer's document: a denial upheld says the same in another one.
    """

    kind: Literal[UpdateKind.AUTHORIZATION_DECIDED] = UpdateKind.AUTHORIZATION_DECIDED
    trace: str | None = None
    verdict: AuthorizationVerdict
    review_action: CodedOrEmpty = ""
    number: Numbered = None
    valid_from: date | None = None
    valid_to: date | None = None
    reason: Coded = None
    document: str | None = None


class OfferUpdate(Reported):
    """A clinic's word on an offer. Attributes: offer: its number; reason: the clinic's code."""

    offer: int | None = None
    reason: Coded = None


class OfferAccepted(OfferUpdate):
    """The clinic takes the patient."""

    kind: Literal[UpdateKind.OFFER_ACCEPTED] = UpdateKind.OFFER_ACCEPTED


class OfferDeclined(OfferUpdate):
    """The clinic does not take the patient, or no longer does."""

    kind: Literal[UpdateKind.OFFER_DECLINED] = UpdateKind.OFFER_DECLINED


class AppointmentUpdate(Reported):
    """A clinic's word on an appointment.

    Attributes:
        appointment: its number, by the id that the router gave it; None for one it never saw.
        start: as the clinic states it.
        utc_offset: minutes from UTC that the clinic writes it with, if it writes any.
        reason: the clinic's code.
    """

    appointment: int | None = None
    start: datetime | None = None
    utc_offset: int | None = None
    reason: Coded = None


class AppointmentBooked(AppointmentUpdate):
    """The clinic booked an appointment, or moved it. Attributes: slot: id of the one it takes."""

    kind: Literal[UpdateKind.APPOINTMENT_BOOKED] = UpdateKind.APPOINTMENT_BOOKED
    start: datetime
    slot: Coded = None


class AppointmentCancelled(AppointmentUpdate):
    """The appointment is not going to take place."""

    kind: Literal[UpdateKind.APPOINTMENT_CANCELLED] = UpdateKind.APPOINTMENT_CANCELLED


class AppointmentNoshow(AppointmentUpdate):
    """The patient did not come."""

    kind: Literal[UpdateKind.APPOINTMENT_NOSHOW] = UpdateKind.APPOINTMENT_NOSHOW


class AppointmentFulfilled(AppointmentUpdate):
    """The patient was seen."""

    kind: Literal[UpdateKind.APPOINTMENT_FULFILLED] = UpdateKind.APPOINTMENT_FULFILLED


class ServiceAttested(Reported):
    """The clinic attests the service where no report may or need be sent.

    Attributes:
        offer: whose Task it is about.
        reason: the clinic's code for having no report.
    """

    kind: Literal[UpdateKind.SERVICE_ATTESTED] = UpdateKind.SERVICE_ATTESTED
    offer: int | None = None
    reason: Coded = None


class ReportReceived(Reported):
    """A document about the visit, stored already.

    Attributes:
        sha256: of its content.
        loinc: the code of its type; empty when it names none.
        critical: whether it holds a result that cannot wait.
        withdrawn: whether its author says that it was sent in error: what it proved, it does not.
        author: NPI of who wrote it, where it says so.
    """

    kind: Literal[UpdateKind.REPORT_RECEIVED] = UpdateKind.REPORT_RECEIVED
    sha256: str
    loinc: CodedOrEmpty = ""
    final: bool = True
    critical: bool = False
    withdrawn: bool = False
    author: Coded = None


class ProgressNoted(Reported):
    """A status of a Task or an appointment that asks for nothing.

    Attributes:
        status: FHIR's code.
        reason: the sender's code.
    """

    kind: Literal[UpdateKind.PROGRESS_NOTED] = UpdateKind.PROGRESS_NOTED
    status: Coded = None
    reason: Coded = None
