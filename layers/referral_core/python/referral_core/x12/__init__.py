"""X12 as payers speak it: a tolerant reader, a strict writer, and the 270 and 271 on top."""
