"""What a client may ask of a store: one module for each noun of the API."""
