"""Real patients: which data sets there are, fetched, checked and unpacked."""
