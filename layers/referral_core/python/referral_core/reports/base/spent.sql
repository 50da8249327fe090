-- Each unit of each event with the price in force when it was counted; none where it has no price.
SELECT
    c.cut_1,
    c.cut_2,
    c.cut_3,
    c.referral_id,
    c.part,
    c.unit,
    c.units,
    p.usd AS price
FROM counted AS c
LEFT JOIN prices AS p
    ON c.unit = p.unit AND c.at_ms >= p.from_ms AND c.at_ms < p.until_ms
