-- How many referrals stand behind each cut: what a row about few patients is known by, whatever it
-- counts (units, waits, visits).
SELECT
    r.cut_1,
    r.cut_2,
    r.cut_3,
    count(*) AS people
FROM referrals AS r
LEFT JOIN (SELECT DISTINCT referral_id FROM happened) AS h ON r.referral_id = h.referral_id
WHERE h.referral_id IS NOT NULL
    OR r.received_n + r.eligible_n + r.booked_n + r.seen_n + r.closed_n + r.open_n > 0
GROUP BY r.cut_1, r.cut_2, r.cut_3
