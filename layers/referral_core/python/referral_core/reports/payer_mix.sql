-- title: Payer mix
-- definition: Referrals received by class of payer, self-pay by class of the sliding fee scale.
-- numerator: referrals of the class
-- denominator: referrals received
-- exclusions: none; unknown until the payer is known
-- cell: received
-- column payer_class text: class of the payer
-- column fee_class text: of the sliding fee scale, A to D, of self-pay
-- column received count: referrals received
-- column of_cut number: referrals received of all classes of the cut
-- column share ratio received/of_cut: of all classes
SELECT
    cut_1,
    cut_2,
    cut_3,
    payer_class,
    fee_class,
    sum(received_n) AS received,
    sum(sum(received_n)) OVER (PARTITION BY cut_1, cut_2, cut_3) AS of_cut
FROM referrals
WHERE received_n = 1
GROUP BY cut_1, cut_2, cut_3, payer_class, fee_class
