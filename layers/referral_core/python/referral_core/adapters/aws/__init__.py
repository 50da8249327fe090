"""Adapters over AWS services, each file named by its technology."""
