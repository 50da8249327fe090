-- title: Completion
-- definition: Eligible referrals whose patient was seen, and how long it took from the order.
-- numerator: eligible referrals with a visit fulfilled, attested or proved by a report
-- denominator: eligible referrals received: coverage was confirmed, not needed, or is self-paid
-- exclusions: entered in error, superseded; from the time, orders without a date of their own
-- matures: yes
-- cell: eligible
-- column eligible count: referrals that came to routing
-- column seen count: of them seen
-- column completion ratio seen/eligible: seen of eligible
-- column days_median days: from the order to the visit (t6 - t0), median
-- column days_p90 days: the same, 90th percentile
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(eligible_n) AS eligible,
    sum(seen_n) AS seen,
    min(CASE WHEN place >= 0.5 * places THEN took_ms END) AS days_median,
    min(CASE WHEN place >= 0.9 * places THEN took_ms END) AS days_p90
FROM (
    SELECT
        r.*,
        CASE WHEN timed_n = 1 THEN row_number() OVER (
            PARTITION BY cut_1, cut_2, cut_3, timed_n ORDER BY took_ms
        ) END AS place,
        sum(timed_n) OVER (PARTITION BY cut_1, cut_2, cut_3) AS places
    FROM (
        SELECT
            r.*,
            CASE WHEN seen_n = 1 THEN seen_ms - authored_ms END AS took_ms,
            CASE WHEN seen_n = 1 AND authored_ms IS NOT NULL THEN 1 ELSE 0 END AS timed_n
        FROM referrals AS r
    ) AS r
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(eligible_n) + sum(seen_n) > 0
