"""Pure rules of closed-loop referral management: no I/O, no AWS, no clock of their own."""
