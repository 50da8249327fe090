"""Partners over HTTP: payer, clinic, EHR, patient portal."""
