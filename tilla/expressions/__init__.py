"""Expressions: typed faces over sqlglot nodes, aggregates and their combinators, SQL by hand."""
