-- Overhead by unit and price, shared out over the referrals received in the period in the order
-- they came: whole units, each what is due to it and all before it less what those got, so that
-- together they are what there was. Where none was received it stands alone.
SELECT
    r.cut_1,
    r.cut_2,
    r.cut_3,
    r.referral_id,
    t.unit,
    CASE WHEN r.place IS NULL THEN t.units
        ELSE CAST(
            (t.units - mod(t.units * r.place, r.places) + mod(t.units * (r.place - 1), r.places))
            / r.places AS bigint
        )
    END AS units,
    t.price
FROM (
    SELECT
        c.unit,
        p.usd AS price,
        CAST(sum(c.units) AS bigint) AS units
    FROM overhead_counted AS c
    LEFT JOIN prices AS p
        ON c.unit = p.unit AND c.at_ms >= p.from_ms AND c.at_ms < p.until_ms
    GROUP BY c.unit, p.usd
) AS t
LEFT JOIN (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        referral_id,
        row_number() OVER (ORDER BY received_ms, referral_id) AS place,
        count(*) OVER () AS places
    FROM referrals
    WHERE received_n = 1
) AS r ON true
