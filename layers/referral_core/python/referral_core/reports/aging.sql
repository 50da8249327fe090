-- title: Aging
-- definition: Referrals open at the report's instant, by whole days since they were received.
-- numerator: open referrals of an age
-- denominator: open referrals
-- exclusions: closed
-- cell: open
-- column open count: open referrals
-- column days_0_2 count: received 0 to 2 days ago
-- column days_3_7 count: 3 to 7 days ago
-- column days_8_14 count: 8 to 14 days ago
-- column days_15_30 count: 15 to 30 days ago
-- column days_31_60 count: 31 to 60 days ago
-- column days_61_90 count: 61 to 90 days ago
-- column days_over_90 count: more than 90 days ago
-- column status_days_median days: in the present status, median
-- column status_days_most days: in the present status, the longest
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(open_n) AS open,
    sum(CASE WHEN age BETWEEN 0 AND 2 THEN open_n ELSE 0 END) AS days_0_2,
    sum(CASE WHEN age BETWEEN 3 AND 7 THEN open_n ELSE 0 END) AS days_3_7,
    sum(CASE WHEN age BETWEEN 8 AND 14 THEN open_n ELSE 0 END) AS days_8_14,
    sum(CASE WHEN age BETWEEN 15 AND 30 THEN open_n ELSE 0 END) AS days_15_30,
    sum(CASE WHEN age BETWEEN 31 AND 60 THEN open_n ELSE 0 END) AS days_31_60,
    sum(CASE WHEN age BETWEEN 61 AND 90 THEN open_n ELSE 0 END) AS days_61_90,
    sum(CASE WHEN age > 90 THEN open_n ELSE 0 END) AS days_over_90,
    min(CASE WHEN place >= 0.5 * places THEN in_status_ms END) AS status_days_median,
    max(in_status_ms) AS status_days_most
FROM (
    SELECT
        r.*,
        p.as_of_day - r.received_day AS age,
        p.as_of_ms - r.status_ms AS in_status_ms,
        row_number() OVER (PARTITION BY cut_1, cut_2, cut_3 ORDER BY r.status_ms DESC) AS place,
        count(*) OVER (PARTITION BY cut_1, cut_2, cut_3) AS places
    FROM referrals AS r
    CROSS JOIN period AS p
    WHERE r.open_n = 1
) AS r
GROUP BY cut_1, cut_2, cut_3
