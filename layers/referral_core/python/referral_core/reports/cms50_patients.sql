-- title: CMS50 by patient
-- definition: eCQM CMS50 (Closing the Referral Loop) as far as the router knows it: patients by the first of their referrals written from 1 January to 31 October of a year, and whether the report on that one came after the order and in the same year. A second referral that closed does not count. Ask for a whole year: the first referral is the first of the period.
-- numerator: patients whose first referral's consultant report was received in the year it was written
-- denominator: patients with a referral written (else received) from 1 January to 31 October; an order that names nobody by number, or name and birth date, is a patient of its own
-- exclusions: orders sent in error, or replaced by another one, which are no referrals; the visit at which the order was written is not looked at, since only the EHR knows it
-- matures: yes
-- cell: patients
-- column patients count: patients with a first referral of January to October
-- column closed count: of them, with the report on it in the same year
-- column rate ratio closed/patients: closed of patients
SELECT
    cut_1,
    cut_2,
    cut_3,
    count(*) AS patients,
    sum(CASE WHEN reported_day < next_year_day AND reported_ms > written_ms THEN 1 ELSE 0 END)
        AS closed
FROM (
    SELECT
        r.*,
        y.next_year_day,
        row_number() OVER (
            PARTITION BY r.patient, y.first_day ORDER BY r.written_ms, r.referral_id
        ) AS place
    FROM (
        SELECT
            r.cut_1,
            r.cut_2,
            r.cut_3,
            r.referral_id,
            r.reported_day,
            r.reported_ms,
            coalesce(r.patient, r.referral_id) AS patient,
            coalesce(r.authored_ms, r.received_ms) AS written_ms,
            CAST(
                floor((coalesce(r.authored_ms, r.received_ms) + z.offset_ms) / 86400000e0) AS bigint
            ) AS written_day
        FROM referrals AS r
        INNER JOIN zone AS z
            ON coalesce(r.authored_ms, r.received_ms) >= z.from_ms
            AND coalesce(r.authored_ms, r.received_ms) < z.until_ms
        WHERE r.received_n = 1 AND r.is_valid
    ) AS r
    INNER JOIN years AS y
        ON r.written_day >= y.first_day AND r.written_day < y.november_day
) AS r
WHERE place = 1
GROUP BY cut_1, cut_2, cut_3
