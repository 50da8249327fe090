-- title: Reasons for leaving the network
-- definition: Visits outside the network by kind of order and reason for going outside.
-- numerator: performed outside for the reason
-- denominator: none
-- exclusions: performed in the network; unknown performers
-- cell: outside
-- column kind text: kind of order
-- column reason text: the override's code; none where nobody recorded one
-- column outside count: performed outside
SELECT
    cut_1,
    cut_2,
    cut_3,
    kind,
    override_code AS reason,
    sum(known_n) AS outside
FROM performed
WHERE network = 'out-of-network'
GROUP BY cut_1, cut_2, cut_3, kind, override_code
HAVING sum(known_n) > 0
