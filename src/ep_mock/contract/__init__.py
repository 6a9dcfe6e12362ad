"""The OpenAPI documents and the check of request bodies against them, in the words of the real service."""
