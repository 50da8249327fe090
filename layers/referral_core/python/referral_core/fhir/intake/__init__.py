"""From the bytes of an order to a referral understood."""
