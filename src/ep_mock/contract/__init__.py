"""The contract: the OpenAPI documents the mock keeps, and the check of bodies against them, in the words of
the real service.
"""
