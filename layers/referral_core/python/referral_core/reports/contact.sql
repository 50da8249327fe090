-- title: Contact
-- definition: Patients contacted in time, and whether they were reached.
-- numerator: referrals whose patient was contacted within the pathway's time; reached
-- denominator: referrals whose patient was contacted
-- exclusions: referrals that never came to contacting
-- matures: yes
-- cell: contacted
-- column contacted count: referrals with an attempt to reach the patient
-- column contacted_in_time count: of them within the pathway's time
-- column in_time_rate ratio contacted_in_time/contacted: in time of contacted
-- column reached count: the patient agreed, declined or was booked
-- column reached_rate ratio reached/contacted: reached of contacted
-- column not_reached count: given up with the evidence on record
-- column opted_out count: the patient wants no more messages
-- column attempts count: attempts until the patient was reached, of those reached
-- column attempts_until_reached mean attempts/reached: attempts a patient reached
-- column days_median days: from receipt to the first attempt (t2 - t1), median
-- column days_p90 days: the same, 90th percentile
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(contacted_n) AS contacted,
    sum(CASE WHEN contacted_ms <= contact_by_ms THEN contacted_n ELSE 0 END) AS contacted_in_time,
    sum(CASE WHEN reached_version IS NOT NULL THEN contacted_n ELSE 0 END) AS reached,
    sum(contacted_n * not_reached) AS not_reached,
    sum(contacted_n * opted_out) AS opted_out,
    sum(CASE WHEN reached_version IS NOT NULL THEN contacted_n * attempts ELSE 0 END) AS attempts,
    min(CASE WHEN place >= 0.5 * places THEN took_ms END) AS days_median,
    min(CASE WHEN place >= 0.9 * places THEN took_ms END) AS days_p90
FROM (
    SELECT
        r.*,
        CASE WHEN contacted_n = 1 THEN contacted_ms - received_ms END AS took_ms,
        CASE WHEN contacted_n = 1 THEN row_number() OVER (
            PARTITION BY cut_1, cut_2, cut_3, contacted_n ORDER BY contacted_ms - received_ms
        ) END AS place,
        sum(contacted_n) OVER (PARTITION BY cut_1, cut_2, cut_3) AS places
    FROM (
        SELECT
            r.referral_id,
            max(r.cut_1) AS cut_1,
            max(r.cut_2) AS cut_2,
            max(r.cut_3) AS cut_3,
            max(r.contacted_n) AS contacted_n,
            max(r.received_ms) AS received_ms,
            max(r.contacted_ms) AS contacted_ms,
            max(r.contact_by_ms) AS contact_by_ms,
            max(r.reached_version) AS reached_version,
            max(r.not_reached) AS not_reached,
            max(r.opted_out) AS opted_out,
            sum(CASE WHEN e.version <= r.reached_version THEN e.attempt_n ELSE 0 END) AS attempts
        FROM referrals AS r
        INNER JOIN events AS e ON r.referral_id = e.referral_id
        GROUP BY r.referral_id
    ) AS r
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(contacted_n) > 0
