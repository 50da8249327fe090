-- title: Bottlenecks
-- definition: Where referrals wait: the time from each event to the next, by who had the referral meanwhile, and what share of all waiting that is.
-- numerator: time waited at the place
-- denominator: time waited at all places of the cut
-- exclusions: time after closing; what a closed referral waits for
-- cell: waits
-- column step text: step that had the referral
-- column queue text: team whose worklist showed it
-- column waits_for text: party whose move it was
-- column waits count: stretches of waiting
-- column hours number: hours waited
-- column hours_of_cut number: hours waited at all places of the cut
-- column share ratio hours/hours_of_cut: of all waiting
SELECT
    cut_1,
    cut_2,
    cut_3,
    step,
    queue,
    waits_for,
    count(*) AS waits,
    CAST(floor(sum(waited_ms) / 3600000e0) AS bigint) AS hours,
    CAST(floor(sum(sum(waited_ms)) OVER (PARTITION BY cut_1, cut_2, cut_3) / 3600000e0) AS bigint)
        AS hours_of_cut
FROM (
    SELECT
        h.cut_1,
        h.cut_2,
        h.cut_3,
        h.step,
        h.queue,
        h.waits_for,
        coalesce(n.until_ms, p.as_of_ms) - h.at_ms AS waited_ms
    FROM happened AS h
    INNER JOIN (
        SELECT
            referral_id,
            version,
            lead(at_ms) OVER (PARTITION BY referral_id ORDER BY version) AS until_ms
        FROM events
    ) AS n ON h.referral_id = n.referral_id AND h.version = n.version
    CROSS JOIN period AS p
    WHERE h.to_status <> 'closed'
) AS w
WHERE waited_ms > 0
GROUP BY cut_1, cut_2, cut_3, step, queue, waits_for
