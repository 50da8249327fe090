-- title: Cost
-- definition: What referrals cost, a line a unit: what was counted, times the price in force when it was counted.
-- numerator: units counted times their price
-- denominator: none
-- exclusions: units without a price, counted and named as not priced: no total has them; from the cost of a single referral, overhead
-- cell: units
-- column part text: cloud, messages, letters, payer or staff; overhead: what no referral carries (the watchdog, the stream's consumers, reads, tokens, counts of queues), shared out over the referrals that count in the period
-- column unit text: what was counted
-- column units count: how many
-- column not_priced count: of them without a price
-- column usd money: the cost of the priced
SELECT
    cut_1,
    cut_2,
    cut_3,
    part,
    unit,
    sum(units) AS units,
    sum(CASE WHEN price IS NULL THEN units ELSE 0 END) AS not_priced,
    sum(units * price) AS usd
FROM (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        part,
        unit,
        units,
        price
    FROM spent
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        'overhead' AS part,
        unit,
        units,
        price
    FROM shared
    WHERE units > 0
) AS s
GROUP BY cut_1, cut_2, cut_3, part, unit
