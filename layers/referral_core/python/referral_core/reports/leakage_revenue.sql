-- title: Revenue leakage
-- definition: Expected net revenue of the visits performed outside the network, by the tenant's table of specialty and payer class in force at the report's instant.
-- numerator: expected net revenue of visits performed outside
-- denominator: none
-- exclusions: visits that the table holds no value for, counted as not valued
-- matures: yes
-- cell: outside
-- column outside count: performed outside the payer's network
-- column valued count: of them valued by the table
-- column not_valued count: of them not valued
-- column revenue money: expected net revenue of the valued
SELECT
    p.cut_1,
    p.cut_2,
    p.cut_3,
    sum(p.known_n) AS outside,
    sum(CASE WHEN v.usd IS NOT NULL THEN p.known_n ELSE 0 END) AS valued,
    sum(CASE WHEN v.usd IS NULL THEN p.known_n ELSE 0 END) AS not_valued,
    sum(p.known_n * v.usd) AS revenue
FROM performed AS p
LEFT JOIN revenue AS v ON p.specialty = v.specialty AND p.payer_class = v.payer_class
WHERE p.network = 'out-of-network'
GROUP BY p.cut_1, p.cut_2, p.cut_3
HAVING sum(p.known_n) > 0
