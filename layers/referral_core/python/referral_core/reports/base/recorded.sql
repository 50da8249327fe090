-- What was recorded since an earlier instant, by the day its referral was received.
SELECT
    CAST(r.received_day AS varchar) AS received_day,
    e.event,
    count(*) AS recorded
FROM events AS e
INNER JOIN referrals AS r ON e.referral_id = r.referral_id
CROSS JOIN compared AS c
WHERE e.at_ms > c.since_ms AND r.received_n = 1
GROUP BY r.received_day, e.event
UNION ALL
-- Overhead is shared out over the whole period: what came late of an hour moves each of its days.
SELECT
    d.received_day,
    'overhead' AS event,
    count(*) AS recorded
FROM (SELECT DISTINCT CAST(received_day AS varchar) AS received_day FROM referrals WHERE received_n = 1) AS d
CROSS JOIN overhead AS o
CROSS JOIN compared AS c
WHERE o.at_ms > c.since_ms
GROUP BY d.received_day
