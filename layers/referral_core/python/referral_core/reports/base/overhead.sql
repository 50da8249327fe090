-- What no referral carries, of the hours that begin in the period: each once, as it was recorded
-- last by the report's instant.
SELECT
    o.*
FROM (
    SELECT
        s.*,
        row_number() OVER (PARTITION BY s.version ORDER BY s.at_ms DESC) AS recorded
    FROM source AS s
    CROSS JOIN period AS p
    WHERE s.event = 'overhead' AND s.at_ms <= p.as_of_ms
) AS o
CROSS JOIN period AS p
INNER JOIN zone AS z
    ON o.occurred_ms >= z.from_ms AND o.occurred_ms < z.until_ms
WHERE o.recorded = 1
    AND CAST(floor((o.occurred_ms + z.offset_ms) / 86400000e0) AS bigint)
    BETWEEN p.from_day AND p.to_day
