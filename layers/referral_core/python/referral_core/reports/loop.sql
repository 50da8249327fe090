-- title: Loop closed and loop completed
-- definition: Two figures with denominators of their own, never merged: how many of what ended, or should have by now, closed its loop; and how many of the eligible ended with a completed visit and a closed loop.
-- numerator: closed with the evidence the pathway requires and the referrer told; the same with a completed-* outcome
-- denominator: closed, and open past the pathway's horizon; eligible referrals received
-- exclusions: from the second, entered in error and superseded
-- matures: yes
-- cell: due
-- column closed count: closed with an outcome
-- column overaged count: open although older than the pathway's horizon
-- column due count: closed or overaged
-- column loop_closed count: of the closed, with the loop closed
-- column loop_closed_rate ratio loop_closed/due: loop closed of due
-- column eligible count: referrals that came to routing
-- column loop_completed count: of the eligible, loop closed with a completed-* outcome
-- column loop_completed_rate ratio loop_completed/eligible: loop completed of eligible
-- column days_median days: from receipt to the closing that closed the loop, median
-- column days_p90 days: the same, 90th percentile
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(closed_n) AS closed,
    sum(overaged_n) AS overaged,
    sum(closed_n + overaged_n) AS due,
    sum(looped_n) AS loop_closed,
    sum(eligible_n) AS eligible,
    sum(CASE
        WHEN routed_day IS NOT NULL AND is_valid
            AND outcome IN ('completed-report-acknowledged', 'completed-attested')
            THEN looped_n
        ELSE 0
    END) AS loop_completed,
    min(CASE WHEN place >= 0.5 * places THEN took_ms END) AS days_median,
    min(CASE WHEN place >= 0.9 * places THEN took_ms END) AS days_p90
FROM (
    SELECT
        r.*,
        CASE WHEN looped_n = 1 THEN last_closed_ms - received_ms END AS took_ms,
        CASE WHEN looped_n = 1 THEN row_number() OVER (
            PARTITION BY cut_1, cut_2, cut_3, looped_n ORDER BY last_closed_ms - received_ms
        ) END AS place,
        sum(looped_n) OVER (PARTITION BY cut_1, cut_2, cut_3) AS places
    FROM (
        SELECT
            r.*,
            closed_n * last_closing_closed_loop AS looped_n
        FROM referrals AS r
    ) AS r
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(received_n + closed_n + overaged_n + eligible_n) > 0
