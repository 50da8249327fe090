-- title: CMS50 by referral
-- definition: What the router knows of eCQM CMS50 (Closing the Referral Loop): referrals written from 1 January to 31 October whose report came after the order and in the same year. The measure itself counts patients by their first referral and needs the visit at which it was written, which only the EHR knows.
-- numerator: the consultant's report was received after the order was written, in the year it was written
-- denominator: orders written (else received) from 1 January to 31 October of a year
-- exclusions: none, as the measure has none
-- matures: yes
-- cell: denominator
-- column denominator count: orders of January to October
-- column numerator count: of them with a report in the same year
-- column rate ratio numerator/denominator: reported of written
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(received_n) AS denominator,
    sum(CASE
        WHEN r.reported_day < y.next_year_day AND r.reported_ms > r.written_ms THEN received_n
        ELSE 0
    END) AS numerator
FROM (
    SELECT
        r.*,
        coalesce(r.authored_ms, r.received_ms) AS written_ms,
        CAST(floor((coalesce(r.authored_ms, r.received_ms) + z.offset_ms) / 86400000e0) AS bigint)
            AS written_day
    FROM referrals AS r
    INNER JOIN zone AS z
        ON coalesce(r.authored_ms, r.received_ms) >= z.from_ms
        AND coalesce(r.authored_ms, r.received_ms) < z.until_ms
) AS r
INNER JOIN years AS y
    ON r.written_day >= y.first_day AND r.written_day < y.november_day
GROUP BY cut_1, cut_2, cut_3
HAVING sum(received_n) > 0
