"""The generated code of package callboard.v1, made by clients/python/generate.py."""
