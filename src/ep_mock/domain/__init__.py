"""Pure rules: no state of a store, no I/O, no clock, no randomness."""
