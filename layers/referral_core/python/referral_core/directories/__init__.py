"""Directories of others, read row by row: NPPES, Plan-Net, Open Referral HSDS."""
