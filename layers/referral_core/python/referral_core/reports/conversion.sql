-- title: Conversion
-- definition: Eligible referrals that were ever booked, and how long the first booking took.
-- numerator: eligible referrals with at least one booking
-- denominator: eligible referrals received: coverage was confirmed, not needed, or is self-paid
-- exclusions: entered in error, superseded
-- matures: yes
-- cell: eligible
-- column eligible count: referrals that came to routing
-- column booked count: of them ever booked
-- column conversion ratio booked/eligible: booked of eligible
-- column days_median days: from receipt to the first booking (t5 - t1), median
-- column days_p90 days: the same, 90th percentile
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(eligible_n) AS eligible,
    sum(booked_n) AS booked,
    min(CASE WHEN place >= 0.5 * places THEN took_ms END) AS days_median,
    min(CASE WHEN place >= 0.9 * places THEN took_ms END) AS days_p90
FROM (
    SELECT
        r.*,
        CASE WHEN booked_n = 1 THEN booked_ms - received_ms END AS took_ms,
        CASE WHEN booked_n = 1 THEN row_number() OVER (
            PARTITION BY cut_1, cut_2, cut_3, booked_n ORDER BY booked_ms - received_ms
        ) END AS place,
        sum(booked_n) OVER (PARTITION BY cut_1, cut_2, cut_3) AS places
    FROM referrals AS r
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(eligible_n) + sum(booked_n) > 0
