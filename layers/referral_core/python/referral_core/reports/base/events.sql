-- Each event once, as it was known at the report's instant, with its days in the tenant's zone,
-- whether it is an attempt to reach the patient, and whether the patient was heard of.
SELECT
    e.*,
    CASE WHEN e.event = 'patient-contacted' OR e.staff_calls > 0 THEN 1 ELSE 0 END AS attempt_n,
    CASE
        WHEN e.event IN ('patient-agreed', 'patient-declined', 'appointment-booked') THEN 'reached'
        WHEN e.event = 'patient-opted-out' OR e.reason = 'patient-opted-out' THEN 'opted-out'
    END AS answer,
    CAST(floor((e.at_ms + at_zone.offset_ms) / 86400000e0) AS bigint) AS at_day,
    CAST(floor((e.occurred_ms + own_zone.offset_ms) / 86400000e0) AS bigint) AS occurred_day
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY referral_id, version ORDER BY schema_version DESC, at_ms
        ) AS delivered
    FROM source
    WHERE event <> 'overhead'
) AS e
CROSS JOIN period AS p
INNER JOIN zone AS at_zone
    ON e.at_ms >= at_zone.from_ms AND e.at_ms < at_zone.until_ms
INNER JOIN zone AS own_zone
    ON e.occurred_ms >= own_zone.from_ms AND e.occurred_ms < own_zone.until_ms
WHERE e.delivered = 1 AND e.at_ms <= p.as_of_ms
