-- One row a referral: what it is, and when it came how far. Times are of the first of their kind;
-- a report counts from the first that was not taken back (withdrawn, or found insufficient).
SELECT
    referral_id,
    max(CASE WHEN back = 1 THEN to_status END) AS status,
    max(CASE WHEN back = 1 THEN outcome END) AS outcome,
    max(CASE WHEN back = 1 THEN step END) AS step,
    max(CASE WHEN back = 1 THEN queue END) AS queue,
    max(CASE WHEN back = 1 THEN waits_for END) AS waits_for,
    max(CASE WHEN back = 1 THEN pathway END) AS pathway,
    max(CASE WHEN back = 1 THEN kind END) AS kind,
    max(CASE WHEN back = 1 THEN priority END) AS priority,
    max(CASE WHEN back = 1 THEN specialty END) AS specialty,
    max(CASE WHEN back = 1 THEN payer END) AS payer,
    max(CASE WHEN back = 1 THEN payer_class END) AS payer_class,
    max(CASE WHEN back = 1 THEN fee_class END) AS fee_class,
    max(CASE WHEN back = 1 THEN referring_practice END) AS referring_practice,
    max(CASE WHEN back = 1 THEN referring_clinician END) AS referring_clinician,
    max(CASE WHEN back = 1 THEN location END) AS location,
    max(CASE WHEN back = 1 THEN performer_organization END) AS performer_organization,
    max(CASE WHEN back = 1 THEN performer END) AS performer,
    max(CASE WHEN back = 1 AND network THEN 'in-network'
        WHEN back = 1 AND NOT network THEN 'out-of-network' END) AS network,
    max(CASE WHEN back = 1 THEN tier END) AS tier,
    max(CASE WHEN back = 1 THEN language END) AS language,
    max(CASE WHEN back = 1 THEN zip3 END) AS zip3,
    max(CASE WHEN event = 'closed' AND back_of_kind = 1 AND loop_closed THEN 1 ELSE 0 END)
        AS last_closing_closed_loop,
    max(CASE WHEN from_status IS NULL OR from_status <> to_status THEN at_ms END) AS status_ms,
    min(CASE WHEN event = 'received' THEN at_ms END) AS received_ms,
    min(CASE WHEN event = 'received' THEN at_day END) AS received_day,
    max(patient) AS patient,
    min(authored_at_ms) AS authored_ms,
    min(wanted_by_ms) AS wanted_by_ms,
    min(contact_by_ms) AS contact_by_ms,
    min(CASE WHEN to_status = 'routing' THEN at_day END) AS routed_day,
    min(CASE WHEN attempt_n = 1 THEN at_ms END) AS contacted_ms,
    min(CASE WHEN attempt_n = 1 THEN at_day END) AS contacted_day,
    min(CASE WHEN answer = 'reached' THEN at_day END) AS reached_day,
    min(CASE WHEN answer = 'reached' THEN version END) AS reached_version,
    min(CASE WHEN event = 'appointment-booked' THEN at_ms END) AS booked_ms,
    min(CASE WHEN event = 'appointment-booked' THEN at_day END) AS booked_day,
    min(CASE WHEN event = 'appointment-booked' THEN start_ms END) AS booked_for_ms,
    min(CASE WHEN to_status IN ('seen-awaiting-report', 'report-received')
        THEN occurred_ms END) AS seen_ms,
    min(CASE WHEN to_status IN ('seen-awaiting-report', 'report-received')
        THEN occurred_day END) AS seen_day,
    min(CASE WHEN to_status = 'report-received' AND version > taken_back THEN at_ms END) AS reported_ms,
    min(CASE WHEN to_status = 'report-received' AND version > taken_back THEN at_day END) AS reported_day,
    max(CASE WHEN to_status = 'closed' AND from_status <> 'closed' THEN at_day END)
        AS last_closed_day,
    max(CASE WHEN to_status = 'closed' AND from_status <> 'closed' THEN at_ms END)
        AS last_closed_ms,
    min(CASE WHEN event = 'eligibility-confirmed' THEN at_ms END) AS verified_ms,
    min(asked_at_ms) AS authorization_asked_ms,
    min(CASE WHEN event = 'authorized' AND status = 'approved' THEN at_ms END) AS authorized_ms,
    max(CASE WHEN event = 'appointment-fulfilled' AND NOT late THEN 1 ELSE 0 END) AS seen_in_time,
    max(CASE WHEN event = 'routed' AND back_of_kind = 1 AND network_available THEN 1 ELSE 0 END)
        AS network_was_available,
    max(CASE WHEN event = 'routed' AND back_of_kind = 1 THEN override END) AS override_code,
    max(CASE WHEN version = named_elsewhere AND elsewhere_network THEN 'in-network'
        WHEN version = named_elsewhere AND NOT elsewhere_network THEN 'out-of-network' END)
        AS elsewhere_network,
    max(CASE WHEN version = named_elsewhere THEN elsewhere_tier END) AS elsewhere_tier,
    max(CASE WHEN answer = 'opted-out' THEN 1 ELSE 0 END) AS opted_out,
    max(CASE WHEN event = 'patient-not-reached' THEN 1 ELSE 0 END) AS not_reached
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY referral_id ORDER BY version DESC) AS back,
        row_number() OVER (PARTITION BY referral_id, event ORDER BY version DESC) AS back_of_kind,
        max(CASE WHEN from_status = 'report-received' AND to_status = 'seen-awaiting-report'
            THEN version ELSE 0 END) OVER (PARTITION BY referral_id) AS taken_back,
        -- The last that was named, and nobody where the referral was opened again since.
        max(CASE WHEN event = 'reopened' OR elsewhere_network IS NOT NULL THEN version END)
            OVER (PARTITION BY referral_id) AS named_elsewhere
    FROM events
) AS e
GROUP BY referral_id
