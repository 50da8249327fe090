-- What of each referral was performed, and whether anybody knows by whom: the performer in hand, or
-- where care was received elsewhere who gave it. What was performed elsewhere counts as outside
-- unless it is known to be in the network.
SELECT
    r.cut_1,
    r.cut_2,
    r.cut_3,
    r.specialty,
    r.payer_class,
    r.kind,
    CASE WHEN r.elsewhere_n = 1 THEN r.elsewhere_network ELSE r.network END AS network,
    CASE WHEN r.elsewhere_n = 1 THEN r.elsewhere_tier ELSE r.tier END AS tier,
    r.network_was_available,
    coalesce(r.override_code, 'none') AS override_code,
    CASE WHEN r.elsewhere_n = 1 AND r.elsewhere_network IS NOT NULL THEN 1
        WHEN r.elsewhere_n = 0 AND r.network IS NOT NULL THEN r.seen_n
        ELSE 0
    END AS known_n,
    CASE WHEN r.elsewhere_n = 1 AND r.elsewhere_network IS NULL THEN 1
        WHEN r.elsewhere_n = 0 AND r.network IS NULL THEN r.seen_n
        ELSE 0
    END AS unknown_n
FROM (
    SELECT
        r.*,
        CASE WHEN r.outcome = 'care-received-elsewhere' THEN r.closed_n ELSE 0 END AS elsewhere_n
    FROM referrals AS r
) AS r
