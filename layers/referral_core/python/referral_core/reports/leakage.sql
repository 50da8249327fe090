-- title: Leakage
-- definition: Visits outside the network of those with a known performer; and of these the avoidable: when the referral was routed, somebody of the network passed every hard filter with room in time, and no override was recorded.
-- numerator: performed outside; performed outside avoidably
-- denominator: performed by a known performer
-- exclusions: visits with an unknown performer, which stand beside it; attrition, which is no leakage
-- matures: yes
-- cell: performed
-- column performed count: seen by a known performer
-- column outside count: of them outside the payer's network
-- column leakage ratio outside/performed: outside of performed
-- column avoidable count: of the outside, avoidable
-- column avoidable_rate ratio avoidable/performed: avoidable of performed
-- column overridden count: of the outside, with a recorded override
-- column unknown count: seen, or care received elsewhere, by nobody knows whom
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(known_n) AS performed,
    sum(CASE WHEN network = 'out-of-network' THEN known_n ELSE 0 END) AS outside,
    sum(CASE WHEN network = 'out-of-network' AND override_code = 'none'
        THEN known_n * network_was_available ELSE 0 END) AS avoidable,
    sum(CASE WHEN network = 'out-of-network' AND override_code <> 'none'
        THEN known_n ELSE 0 END) AS overridden,
    sum(unknown_n) AS unknown
FROM performed
GROUP BY cut_1, cut_2, cut_3
HAVING sum(known_n + unknown_n) > 0
