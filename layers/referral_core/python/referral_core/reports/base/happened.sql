-- The events that count in the period, with the cuts of their referral as it is now.
SELECT
    e.*,
    r.cut_1,
    r.cut_2,
    r.cut_3
FROM events AS e
INNER JOIN referrals AS r ON e.referral_id = r.referral_id
CROSS JOIN period AS p
WHERE CASE WHEN p.basis = 'cohort' THEN r.received_day ELSE e.occurred_day END
    BETWEEN p.from_day AND p.to_day
