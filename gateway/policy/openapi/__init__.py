"""Channels made from OpenAPI 3.0 and 3.1 documents: a first draft, with all that a person must look at."""
