"""The routes of the HTTP API: path and method → use case, with the scope that each needs."""

from __future__ import annotations

from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from referral_core.api.face import READ, WRITE, Answer, Call, Face
from referral_core.api.intake import ReceiveReferral
from referral_core.api.reads import ReadRecords
from referral_core.api.updates import ReceiveUpdate
from referral_core.api.work_items import DecideWorkItems
from referral_core.ports import Directory

_Use = Callable[[Call], Answer]


def intake_app(use: ReceiveReferral, directory: Directory) -> APIGatewayHttpResolver:
    """Return the app of receive_referral."""
    app = APIGatewayHttpResolver()
    face = Face(app, directory)

    @app.post("/fhir/ServiceRequest")
    def create() -> Response[str]:
        return face.answer(WRITE, use.create)

    @app.post("/fhir")
    def create_bundle() -> Response[str]:
        return face.answer(WRITE, use.create_bundle)

    @app.post(r"/fhir/\$process-message")
    def process_message() -> Response[str]:
        return face.answer(WRITE, use.process_message)

    @app.put("/fhir/ServiceRequest/<referral_id>")
    def update(referral_id: str) -> Response[str]:
        return face.answer(WRITE, lambda call: use.update(call, referral_id))

    return app


def update_app(
    use: ReceiveUpdate, staff: DecideWorkItems, directory: Directory
) -> APIGatewayHttpResolver:
    """Return the app of receive_update."""
    app = APIGatewayHttpResolver()
    face = Face(app, directory)

    @app.put("/fhir/Task/<task_id>")
    def task(task_id: str) -> Response[str]:
        return face.answer(WRITE, lambda call: use.task(call, task_id))

    @app.post("/fhir/Appointment")
    def appointment() -> Response[str]:
        return face.answer(WRITE, lambda call: use.appointment(call, None))

    @app.put("/fhir/Appointment/<appointment_id>")
    def appointment_changed(appointment_id: str) -> Response[str]:
        return face.answer(WRITE, lambda call: use.appointment(call, appointment_id))

    @app.post("/fhir/DocumentReference")
    def document() -> Response[str]:
        return face.answer(WRITE, use.document)

    @app.post("/fhir/DiagnosticReport")
    def diagnostic_report() -> Response[str]:
        return face.answer(WRITE, use.diagnostic_report)

    @app.post("/fhir/ClaimResponse")
    def claim_response() -> Response[str]:
        return face.answer(WRITE, use.claim_response)

    @app.post("/fhir/Communication")
    def communication() -> Response[str]:
        return face.answer(WRITE, use.communication)

    @app.post("/work-items/<referral_id>/decision")
    def decision(referral_id: str) -> Response[str]:
        return face.answer(WRITE, lambda call: staff.decision(call, referral_id))

    @app.post(r"/fhir/ServiceRequest/<referral_id>/\$reopen")
    def reopen(referral_id: str) -> Response[str]:
        return face.answer(WRITE, lambda call: staff.reopen(call, referral_id))

    return app


def read_app(use: ReadRecords, directory: Directory) -> APIGatewayHttpResolver:
    """Return the app of read_records."""
    app = APIGatewayHttpResolver()
    face = Face(app, directory)

    @app.get("/fhir/metadata")
    def metadata() -> Response[str]:
        return face.open(use.metadata)

    @app.get("/fhir/ServiceRequest/<referral_id>")
    def service_request(referral_id: str) -> Response[str]:
        return face.answer(READ, lambda call: use.service_request(call, referral_id))

    @app.get(r"/fhir/ServiceRequest/<referral_id>/\$available-actions")
    def actions(referral_id: str) -> Response[str]:
        return face.answer(READ, lambda call: use.available_actions(call, referral_id))

    @app.get("/fhir/ServiceRequest")
    def service_requests() -> Response[str]:
        return face.answer(READ, use.service_requests)

    @app.get("/fhir/Task/<task_id>")
    def task(task_id: str) -> Response[str]:
        return face.answer(READ, lambda call: use.task(call, task_id))

    @app.get("/fhir/Task")
    def tasks() -> Response[str]:
        return face.answer(READ, use.tasks)

    @app.get("/work-items")
    def work_items() -> Response[str]:
        return face.answer(READ, use.work_items)

    return app
