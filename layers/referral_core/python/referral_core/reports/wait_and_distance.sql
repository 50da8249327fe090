-- title: Wait and distance
-- definition: Days until patients were seen and kilometres to the performer, to be cut by language, payer class and ZIP3: whether somebody waits longer or goes farther than others.
-- numerator: days from receipt to the visit; kilometres from home to the performer at routing
-- denominator: seen; routings with a known home
-- exclusions: from the first, patients not seen; from the second, homes that are not known
-- matures: yes
-- cell: seen
-- cut: language
-- column seen count: eligible referrals whose patient was seen
-- column wait_days count: days from receipt to the visit, summed
-- column wait_mean mean wait_days/seen: days until seen
-- column placed count: routings whose distance is known
-- column distance_km count: whole kilometres, summed over them
-- column distance_mean mean distance_km/placed: kilometres to the performer
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(seen) AS seen,
    sum(wait_days) AS wait_days,
    sum(placed) AS placed,
    sum(distance_km) AS distance_km
FROM (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        seen_n AS seen,
        CASE WHEN seen_n = 1 THEN seen_day - received_day ELSE 0 END AS wait_days,
        0 AS placed,
        0 AS distance_km
    FROM referrals
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        0 AS seen,
        0 AS wait_days,
        1 AS placed,
        distance_km
    FROM happened
    WHERE event = 'routed' AND distance_km IS NOT NULL
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(seen + placed) > 0
