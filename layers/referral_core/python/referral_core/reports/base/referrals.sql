-- What of each referral counts in the period: of a cohort's referrals all that became of them, else
-- what happened in the period. Each `…_n` is 1 or 0. What was sent in error, or replaced by another
-- order, is received and nothing else.
SELECT
    h.*,
    CASE WHEN h.received_day IS NOT NULL
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.received_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS received_n,
    CASE WHEN h.routed_day IS NOT NULL AND h.is_valid
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.routed_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS eligible_n,
    CASE WHEN h.contacted_day IS NOT NULL
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.contacted_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS contacted_n,
    CASE WHEN h.reached_day IS NOT NULL
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.reached_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS reached_n,
    CASE WHEN h.booked_day IS NOT NULL AND h.is_valid
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.booked_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS booked_n,
    CASE WHEN h.seen_day IS NOT NULL AND h.is_valid
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.seen_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS seen_n,
    CASE WHEN h.reported_day IS NOT NULL
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.reported_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS reported_n,
    CASE WHEN h.closed_day IS NOT NULL
        AND CASE WHEN p.basis = 'cohort' THEN h.received_day ELSE h.closed_day END
            BETWEEN p.from_day AND p.to_day
        THEN 1 ELSE 0 END AS closed_n,
    CASE WHEN h.status <> 'closed'
        AND (p.basis = 'activity' OR h.received_day BETWEEN p.from_day AND p.to_day)
        THEN 1 ELSE 0 END AS open_n,
    CASE WHEN h.received_day BETWEEN p.from_day AND p.to_day
        AND h.received_day + h.horizon_days > p.as_of_day
        THEN 1 ELSE 0 END AS immature_n,
    CASE WHEN h.status <> 'closed' AND h.received_day + h.horizon_days <= p.as_of_day
        AND (p.basis = 'activity' OR h.received_day BETWEEN p.from_day AND p.to_day)
        THEN 1 ELSE 0 END AS overaged_n
FROM (
    SELECT
        h.*,
        c.cut_1,
        c.cut_2,
        c.cut_3,
        g.days AS horizon_days,
        CASE WHEN h.status = 'closed' THEN h.last_closed_day END AS closed_day,
        h.outcome IS NULL OR h.outcome NOT IN ('entered-in-error', 'superseded') AS is_valid
    FROM histories AS h
    INNER JOIN cuts AS c ON h.referral_id = c.referral_id
    INNER JOIN horizons AS g ON h.pathway = g.pathway
) AS h
CROSS JOIN period AS p
