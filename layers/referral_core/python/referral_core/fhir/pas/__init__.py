"""Da Vinci PAS: the request for authorization and the payer's decision."""
