"""The dictionary that stored bodies are compressed with: the text that nearly all of them hold.

With it a body is half as large as with zlib alone, so that a referral with many contacts still
fits one KB. What was written with it can only be read with it: NEVER change it. A better one is a
second constant, to write with; `stored_text.text_of` then tells them apart by the checksum that
zlib puts at the head of each stream.
"""

from __future__ import annotations

from typing import Final

_DECISION: Final = (
    '{"number":1,"at":"2026-","policy":"","chosen":"1","candidates":[{"npi":"1","score":0.,'
    '"tier":1.0,"earliest":0.,"distance":0.,"language":1.0,"week":"2026-W"}],"exclusions":{"1":'
    '"not-accepting","1":"network"},"shown":[]}'
)
_MAILBOX: Final = (
    '{"version":1,"pending":[{"id":"","kind":"","actor":"","role":"clinic","received_at":"2026-"}],'
    '"resolution":{"wait_id":"1-","update":{"id":"deadline-1-","kind":"deadline","actor":"timer",'
    '"role":"router","received_at":"2026-","wait":"1-"},"next":"ContactPatient"},"wait":{"id":"1-",'
    '"step":"AwaitVisit","token":"AAAA","accepts":["information-supplied","cancel",'
    '"entered-in-error","care-received-elsewhere","deceased-or-moved","superseded",'
    '"authorization-decided","offer-accepted","offer-declined","patient-replied",'
    '"contact-recorded","appointment-booked","appointment-cancelled","appointment-noshow",'
    '"appointment-fulfilled","report-received","service-attested","progress-noted",'
    '"notice-delivered","notice-undeliverable","notice-acknowledged","decision",'
    '"work-item-updated","deadline"],"deadline":"2026-"}}'
)
_REFERRAL: Final = (
    '{"status":"received","current_step":"CheckEligibility","RouteReferral","RequestAuthorization",'
    '"OfferReferral","ContactPatient","AwaitVisit","VerifyClosure","CloseReferral","OpenWorkItem",'
    '"pathway":"","pathway_version":1,"priority":"urgent","referrer":"",'
    '"origin":{"kind":"internal-","practice":"1","clinician":"1","location":"Location/",'
    '"language":"es"},"placer_identifier":"https://|","payload_version":2,"authored_at":"2026-",'
    '"received_at":"2026-","revised_at":"2026-","updated_at":"2026-","status_since":"2026-",'
    '"due_at":"2026-","queue":"referral-coordinators","waits_for":"router","status_reason":"The ",'
    '"missing":["coverage.member_id"],"consent_recorded":true,"eligibility":{"verdict":"active",'
    '"payer":"","payer_class":"commercial","checked_at":"2026-","authorization_required":true,'
    '"in_network":true},"self_pay":{"fee_class":"A"},"authorization":{"status":"approved",'
    '"trace":"-a","performer":"1","requested_at":"2026-","number":"AUTH","valid_from":"2026-",'
    '"valid_to":"2026-","due_at":"2026-"},"offers":[{"number":1,"npi":"1","organization":"",'
    '"specialty":"207","tier":1,"in_network":true,"reservation":null,"decision":6,'
    '"status":"declined","reason":"no-capacity","offered_at":"2026-"},{"number":2,"npi":"1",'
    '"organization":"","specialty":"207","tier":2,"in_network":true,"reservation":{"npi":"1",'
    '"week":"2026-W"},"decision":1,"status":"accepted","offered_at":"2026-","reminded":true}],'
    '"contacts":[{"number":1,"channel":"sms","at":"2026-","state":"sent","position":0,"parts":1,'
    '"day_part":"morning"},{"number":2,"channel":"call","at":"2026-","state":"missed","position":1,'
    '"day_part":"afternoon"},{"number":3,"channel":"email","at":"2026-","state":"skipped",'
    '"purpose":"reminder","day_part":"evening","result":"agreed"}],"outreach_from":"2026-",'
    '"escalated":true,"time_zones":["America/New_York"],"patient_reply":"yes","appointment":{'
    '"number":1,"start":"2026-","reminders":1,"status":"fulfilled"},"reports":[{"sha256":"",'
    '"loinc":"11488-4","received_at":"2026-","sufficient":true}],"notices":[{"number":1,'
    '"outcome":"completed-report-acknowledged","queued_at":"2026-","delivered_at":"2026-",'
    '"acknowledged_at":"2026-"}],"work_item":{"reason":"","opened_at":"2026-","resume_at":"",'
    '"actions":["retry"],"due_at":"2026-","owner":""},"proposed_outcome":'
    '"completed-report-acknowledged","outcome":"completed-report-acknowledged",'
    '"closed_at":"2026-","loop_closed":true}'
)
DICTIONARY: Final = (_DECISION + _MAILBOX + _REFERRAL).encode()
"""The most common text last: zlib finds what is near with the fewest bits."""
