-- title: Attrition
-- definition: Eligible referrals that ended without a visit: never booked, or booked and never seen. It is not leakage, and is added to none.
-- numerator: closed without a visit
-- denominator: eligible referrals received that are closed
-- exclusions: entered in error, superseded; care received elsewhere, which is leakage or unknown
-- matures: yes
-- cell: ended
-- column ended count: eligible and closed
-- column never_booked count: of them never booked
-- column never_seen count: of them booked and never seen
-- column lost count: either
-- column attrition ratio lost/ended: lost of ended
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(closed_n) AS ended,
    sum(CASE WHEN seen_day IS NULL AND booked_day IS NULL THEN closed_n ELSE 0 END)
        AS never_booked,
    sum(CASE WHEN seen_day IS NULL AND booked_day IS NOT NULL THEN closed_n ELSE 0 END)
        AS never_seen,
    sum(CASE WHEN seen_day IS NULL THEN closed_n ELSE 0 END) AS lost
FROM referrals
WHERE is_valid AND routed_day IS NOT NULL AND outcome <> 'care-received-elsewhere'
GROUP BY cut_1, cut_2, cut_3
HAVING sum(closed_n) > 0
