-- title: Access
-- definition: Patients seen within the pathway's time, visits booked within the time the order asked for, and the third next available place at routing.
-- numerator: seen no later than the pathway's time; first booked to start no later than the order asked for
-- denominator: seen; booked, of orders that state a time
-- exclusions: from the second, orders that state no time
-- matures: yes
-- cell: seen
-- column seen count: eligible referrals whose patient was seen
-- column seen_in_time count: of them within the pathway's time
-- column seen_in_time_rate ratio seen_in_time/seen: in time of seen
-- column booked_with_wish count: booked, of orders that state a time
-- column booked_as_wished count: of them booked no later than that
-- column booked_as_wished_rate ratio booked_as_wished/booked_with_wish: as asked of booked
-- column routed count: routings whose performer had a third free place in sight
-- column third_next_days count: days until that place, summed over the routings
-- column third_next_mean mean third_next_days/routed: third next available, days
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(seen) AS seen,
    sum(seen_in_time) AS seen_in_time,
    sum(booked_with_wish) AS booked_with_wish,
    sum(booked_as_wished) AS booked_as_wished,
    sum(routed) AS routed,
    sum(third_next_days) AS third_next_days
FROM (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        seen_n AS seen,
        seen_n * seen_in_time AS seen_in_time,
        CASE WHEN wanted_by_ms IS NOT NULL THEN booked_n ELSE 0 END AS booked_with_wish,
        CASE WHEN booked_for_ms <= wanted_by_ms THEN booked_n ELSE 0 END AS booked_as_wished,
        0 AS routed,
        0 AS third_next_days
    FROM referrals
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        0 AS seen,
        0 AS seen_in_time,
        0 AS booked_with_wish,
        0 AS booked_as_wished,
        1 AS routed,
        third_next_days
    FROM happened
    WHERE event = 'routed' AND third_next_days IS NOT NULL
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(seen + booked_with_wish + routed) > 0
