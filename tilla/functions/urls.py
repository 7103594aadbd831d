"""Parts of URLs. What a URL does not have is ''."""

from __future__ import annotations

from tilla.expressions.expr import Expr
from tilla.functions.base import Text, scalar


def domain(x: Text) -> Expr[str]:
    """``domain(x)``: shop.example.com."""
    return scalar("domain", x)


def domain_without_www(x: Text) -> Expr[str]:
    """``domainWithoutWWW(x)``: the domain without a leading ``www.``."""
    return scalar("domainWithoutWWW", x)


def top_level_domain(x: Text) -> Expr[str]:
    """``topLevelDomain(x)``: com."""
    return scalar("topLevelDomain", x)


def first_significant_subdomain(x: Text) -> Expr[str]:
    """``firstSignificantSubdomain(x)``: example, of shop.example.com and of example.co.uk."""
    return scalar("firstSignificantSubdomain", x)


def cut_to_first_significant_subdomain(x: Text) -> Expr[str]:
    """``cutToFirstSignificantSubdomain(x)``: example.com."""
    return scalar("cutToFirstSignificantSubdomain", x)


def protocol(x: Text) -> Expr[str]:
    """``protocol(x)``: https."""
    return scalar("protocol", x)


def netloc(x: Text) -> Expr[str]:
    """``netloc(x)``: user@host:port."""
    return scalar("netloc", x)


def port(x: Text) -> Expr[int]:
    """``port(x)``: 0 where none is written."""
    return scalar("port", x)


def path(x: Text) -> Expr[str]:
    """``path(x)``: /a/b, without query and fragment."""
    return scalar("path", x)


def path_full(x: Text) -> Expr[str]:
    """``pathFull(x)``: /a/b?x=1#y."""
    return scalar("pathFull", x)


def query_string(x: Text) -> Expr[str]:
    """``queryString(x)``: x=1&y=2, without the question mark."""
    return scalar("queryString", x)


def fragment(x: Text) -> Expr[str]:
    """``fragment(x)``: what stands behind ``#``."""
    return scalar("fragment", x)


def query_string_and_fragment(x: Text) -> Expr[str]:
    """``queryStringAndFragment(x)``: x=1#y."""
    return scalar("queryStringAndFragment", x)


def extract_url_parameter(x: Text, name: str) -> Expr[str]:
    """``extractURLParameter(x, name)``: the parameter's text, still percent-encoded."""
    return scalar("extractURLParameter", x, name)


def extract_url_parameters(x: Text) -> Expr[list[str]]:
    """``extractURLParameters(x)``: each as name=value."""
    return scalar("extractURLParameters", x)


def extract_url_parameter_names(x: Text) -> Expr[list[str]]:
    """``extractURLParameterNames(x)``."""
    return scalar("extractURLParameterNames", x)


def url_hierarchy(x: Text) -> Expr[list[str]]:
    """``URLHierarchy(x)``: the URL cut at each slash, shortest first."""
    return scalar("URLHierarchy", x)


def url_path_hierarchy(x: Text) -> Expr[list[str]]:
    """``URLPathHierarchy(x)``: the path cut at each slash, shortest first."""
    return scalar("URLPathHierarchy", x)


def cut_url_parameter(x: Text, name: str) -> Expr[str]:
    """``cutURLParameter(x, name)``: the URL without a parameter."""
    return scalar("cutURLParameter", x, name)


def cut_query_string(x: Text) -> Expr[str]:
    """``cutQueryString(x)``: the URL without its query."""
    return scalar("cutQueryString", x)


def cut_fragment(x: Text) -> Expr[str]:
    """``cutFragment(x)``: the URL without its fragment."""
    return scalar("cutFragment", x)


def cut_query_string_and_fragment(x: Text) -> Expr[str]:
    """``cutQueryStringAndFragment(x)``: the URL without both."""
    return scalar("cutQueryStringAndFragment", x)


def cut_www(x: Text) -> Expr[str]:
    """``cutWWW(x)``: the URL without ``www.``."""
    return scalar("cutWWW", x)


def encode_url_component(x: Text) -> Expr[str]:
    """``encodeURLComponent(x)``: percent-encoded."""
    return scalar("encodeURLComponent", x)


def decode_url_component(x: Text) -> Expr[str]:
    """``decodeURLComponent(x)``: percent-decoded; a plus stays a plus."""
    return scalar("decodeURLComponent", x)


__all__ = [
    "cut_fragment",
    "cut_query_string",
    "cut_query_string_and_fragment",
    "cut_to_first_significant_subdomain",
    "cut_url_parameter",
    "cut_www",
    "decode_url_component",
    "domain",
    "domain_without_www",
    "encode_url_component",
    "extract_url_parameter",
    "extract_url_parameter_names",
    "extract_url_parameters",
    "first_significant_subdomain",
    "fragment",
    "netloc",
    "path",
    "path_full",
    "port",
    "protocol",
    "query_string",
    "query_string_and_fragment",
    "top_level_domain",
    "url_hierarchy",
    "url_path_hierarchy",
]
