-- Overhead by unit and price, shared out over the referrals that count in the period in the order
-- they came: whole units, each what is due to it and all before it less what those got, so that
-- together they are what there was. They are those of `behind`: a share tells no number of
-- patients that is hidden. Where there are none it stands alone.
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
        a.cut_1,
        a.cut_2,
        a.cut_3,
        a.referral_id,
        row_number() OVER (ORDER BY a.received_ms, a.referral_id) AS place,
        count(*) OVER () AS places
    FROM referrals AS a
    LEFT JOIN (SELECT DISTINCT referral_id FROM happened) AS h ON a.referral_id = h.referral_id
    WHERE h.referral_id IS NOT NULL
        OR a.received_n + a.eligible_n + a.booked_n + a.seen_n + a.closed_n + a.open_n > 0
) AS r ON true
