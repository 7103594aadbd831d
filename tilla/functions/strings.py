"""Text: building, cutting, replacing, searching, splitting. Positions and lengths count bytes unless ``utf8`` is said."""

from __future__ import annotations

from typing import Any

from tilla import errors
from tilla.expressions.expr import Expr
from tilla.functions.base import Text, Whole, scalar

# --- building ---


def concat(*x: object) -> Expr[str]:
    """``concat(x, ...)``: one text of all; NULL where any is NULL."""
    if not x:
        raise errors.no_branches("concat")
    return scalar("concat", *x)


def concat_with_separator(separator: str, *x: object) -> Expr[str]:
    """``concatWithSeparator(separator, x, ...)``: one text of all, with the separator between."""
    return scalar("concatWithSeparator", separator, *x)


def format(pattern: str, *x: object) -> Expr[str]:
    """``format(pattern, x, ...)``: ``{}`` or ``{0}`` in the pattern stand for the values."""
    return scalar("format", pattern, *x)


def repeat(x: Text, n: Whole) -> Expr[str]:
    """``repeat(x, n)``."""
    return scalar("repeat", x, n)


def left_pad(x: Text, length: Whole, fill: str = "") -> Expr[str]:
    """``leftPad(x, length, fill)``: with spaces or ``fill`` in front; a longer text is cut."""
    return scalar("leftPad", x, length, *((fill,) if fill else ()))


def right_pad(x: Text, length: Whole, fill: str = "") -> Expr[str]:
    """``rightPad(x, length, fill)``: with spaces or ``fill`` behind; a longer text is cut."""
    return scalar("rightPad", x, length, *((fill,) if fill else ()))


def reverse(x: Expr[Any]) -> Expr[Any]:
    """``reverse(x)``: the bytes of a text, or the elements of an array, backwards."""
    return scalar("reverse", x)


# --- case and blanks ---


def lower(x: Text) -> Expr[str]:
    """``lower(x)``: ASCII letters only."""
    return scalar("lower", x)


def upper(x: Text) -> Expr[str]:
    """``upper(x)``: ASCII letters only."""
    return scalar("upper", x)


def lower_utf8(x: Text) -> Expr[str]:
    """``lowerUTF8(x)``: letters of all alphabets."""
    return scalar("lowerUTF8", x)


def upper_utf8(x: Text) -> Expr[str]:
    """``upperUTF8(x)``: letters of all alphabets."""
    return scalar("upperUTF8", x)


def initcap(x: Text) -> Expr[str]:
    """``initcap(x)``: each word with a capital."""
    return scalar("initcap", x)


def trim(x: Text, characters: str = "") -> Expr[str]:
    """``trimBoth(x, characters)``: without spaces, or those characters, at both ends."""
    return scalar("trimBoth", x, *((characters,) if characters else ()))


def trim_left(x: Text, characters: str = "") -> Expr[str]:
    """``trimLeft(x, characters)``: without spaces, or those characters, in front."""
    return scalar("trimLeft", x, *((characters,) if characters else ()))


def trim_right(x: Text, characters: str = "") -> Expr[str]:
    """``trimRight(x, characters)``: without spaces, or those characters, behind."""
    return scalar("trimRight", x, *((characters,) if characters else ()))


# --- size ---


def length(x: Expr[Any] | str) -> Expr[int]:
    """``length(x)``: bytes of a text, elements of an array, pairs of a map."""
    return scalar("length", x)


def length_utf8(x: Text) -> Expr[int]:
    """``lengthUTF8(x)``: code points of a text."""
    return scalar("lengthUTF8", x)


def empty(x: Expr[Any]) -> Expr[bool]:
    """``empty(x)``: 1 for '', an empty array or map, the zero UUID."""
    return scalar("empty", x)


def not_empty(x: Expr[Any]) -> Expr[bool]:
    """``notEmpty(x)``: the opposite of ``empty``; of NULL NULL."""
    return scalar("notEmpty", x)


# --- parts ---


def substring(x: Text, start: Whole, length: Whole | None = None) -> Expr[str]:
    """``substring(x, start, length)``: bytes from a position counted from 1; a negative one counts from the end."""
    return scalar("substring", x, start, *(() if length is None else (length,)))


def substring_utf8(x: Text, start: Whole, length: Whole | None = None) -> Expr[str]:
    """``substringUTF8(x, start, length)``: code points from a position counted from 1."""
    return scalar("substringUTF8", x, start, *(() if length is None else (length,)))


def left(x: Text, n: Whole) -> Expr[str]:
    """``left(x, n)``: the first bytes."""
    return scalar("left", x, n)


def right(x: Text, n: Whole) -> Expr[str]:
    """``right(x, n)``: the last bytes."""
    return scalar("right", x, n)


def substring_index(x: Text, separator: str, count: Whole) -> Expr[str]:
    """``substringIndex(x, separator, count)``: what stands before the count-th separator; negative: from the end."""
    return scalar("substringIndex", x, separator, count)


def extract(x: Text, pattern: str) -> Expr[str]:
    """``extract(x, pattern)``: the first match of an RE2 pattern, or its first group; '' where there is none."""
    return scalar("extract", x, pattern)


def extract_all(x: Text, pattern: str) -> Expr[list[str]]:
    """``extractAll(x, pattern)``: all matches, or their first groups."""
    return scalar("extractAll", x, pattern)


def extract_groups(x: Text, pattern: str) -> Expr[list[str]]:
    """``extractGroups(x, pattern)``: the groups of the first match."""
    return scalar("extractGroups", x, pattern)


def regexp_extract(x: Text, pattern: str, group: int = 1) -> Expr[str]:
    """``regexpExtract(x, pattern, group)``: a group of the first match; '' where there is none."""
    return scalar("regexpExtract", x, pattern, group)


# --- replacing ---


def replace_one(x: Text, old: Text, new: Text) -> Expr[str]:
    """``replaceOne(x, old, new)``: the first occurrence."""
    return scalar("replaceOne", x, old, new)


def replace_all(x: Text, old: Text, new: Text) -> Expr[str]:
    """``replaceAll(x, old, new)``: every occurrence."""
    return scalar("replaceAll", x, old, new)


def replace_regexp_one(x: Text, pattern: str, new: str) -> Expr[str]:
    r"""``replaceRegexpOne(x, pattern, new)``: the first match; ``\1`` in ``new`` is its first group."""
    return scalar("replaceRegexpOne", x, pattern, new)


def replace_regexp_all(x: Text, pattern: str, new: str) -> Expr[str]:
    r"""``replaceRegexpAll(x, pattern, new)``: every match; ``\1`` in ``new`` is its first group."""
    return scalar("replaceRegexpAll", x, pattern, new)


def translate(x: Text, old: str, new: str) -> Expr[str]:
    """``translate(x, old, new)``: each character of ``old`` by the one at its place in ``new``."""
    return scalar("translate", x, old, new)


def append_trailing_char_if_absent(x: Text, character: str) -> Expr[str]:
    """``appendTrailingCharIfAbsent(x, character)``: with that last character; '' stays ''."""
    return scalar("appendTrailingCharIfAbsent", x, character)


def to_valid_utf8(x: Text) -> Expr[str]:
    """``toValidUTF8(x)``: invalid bytes by U+FFFD."""
    return scalar("toValidUTF8", x)


def is_valid_utf8(x: Text) -> Expr[bool]:
    """``isValidUTF8(x)``: 1 where the bytes are UTF-8."""
    return scalar("isValidUTF8", x)


# --- searching ---


def starts_with(x: Text, prefix: Text) -> Expr[bool]:
    """``startsWith(x, prefix)``."""
    return scalar("startsWith", x, prefix)


def ends_with(x: Text, suffix: Text) -> Expr[bool]:
    """``endsWith(x, suffix)``."""
    return scalar("endsWith", x, suffix)


def position(x: Text, part: Text) -> Expr[int]:
    """``position(x, part)``: where a text begins, from 1; 0 where it is not there."""
    return scalar("position", x, part)


def position_case_insensitive(x: Text, part: Text) -> Expr[int]:
    """``positionCaseInsensitive(x, part)``: as ``position``, without regard to case."""
    return scalar("positionCaseInsensitive", x, part)


def count_substrings(x: Text, part: Text) -> Expr[int]:
    """``countSubstrings(x, part)``: how often a text occurs, without overlap."""
    return scalar("countSubstrings", x, part)


def count_matches(x: Text, pattern: str) -> Expr[int]:
    """``countMatches(x, pattern)``: how often an RE2 pattern matches."""
    return scalar("countMatches", x, pattern)


def multi_search_any(x: Text, parts: list[str]) -> Expr[bool]:
    """``multiSearchAny(x, parts)``: 1 where any of the texts occurs."""
    return scalar("multiSearchAny", x, parts)


def multi_search_first_index(x: Text, parts: list[str]) -> Expr[int]:
    """``multiSearchFirstIndex(x, parts)``: the number, from 1, of the text that is found first; 0 for none."""
    return scalar("multiSearchFirstIndex", x, parts)


def has_token(x: Text, token: str) -> Expr[bool]:
    """``hasToken(x, token)``: 1 where a word occurs; uses a token index."""
    return scalar("hasToken", x, token)


def edit_distance(x: Text, y: Text) -> Expr[int]:
    """``editDistance(x, y)``: Levenshtein's distance, in bytes."""
    return scalar("editDistance", x, y)


# --- splitting and joining ---


def split_by_char(separator: str, x: Text) -> Expr[list[str]]:
    """``splitByChar(separator, x)``: at one character; of NULL an empty array."""
    return scalar("splitByChar", separator, x)


def split_by_string(separator: str, x: Text) -> Expr[list[str]]:
    """``splitByString(separator, x)``: at a text; '' splits into characters."""
    return scalar("splitByString", separator, x)


def split_by_regexp(pattern: str, x: Text) -> Expr[list[str]]:
    """``splitByRegexp(pattern, x)``: at matches of an RE2 pattern."""
    return scalar("splitByRegexp", pattern, x)


def split_by_whitespace(x: Text) -> Expr[list[str]]:
    """``splitByWhitespace(x)``: at runs of blanks."""
    return scalar("splitByWhitespace", x)


def alpha_tokens(x: Text) -> Expr[list[str]]:
    """``alphaTokens(x)``: runs of ASCII letters."""
    return scalar("alphaTokens", x)


def tokens(x: Text) -> Expr[list[str]]:
    """``tokens(x)``: words, as a token index sees them."""
    return scalar("tokens", x)


def ngrams(x: Text, n: int) -> Expr[list[str]]:
    """``ngrams(x, n)``: all runs of ``n`` characters."""
    return scalar("ngrams", x, n)


def array_string_concat(x: Expr[list[Any]], separator: str = "") -> Expr[str]:
    """``arrayStringConcat(x, separator)``: the elements as one text; NULLs are left out."""
    return scalar("arrayStringConcat", x, *((separator,) if separator else ()))


__all__ = [
    "alpha_tokens",
    "append_trailing_char_if_absent",
    "array_string_concat",
    "concat",
    "concat_with_separator",
    "count_matches",
    "count_substrings",
    "edit_distance",
    "empty",
    "ends_with",
    "extract",
    "extract_all",
    "extract_groups",
    "format",
    "has_token",
    "initcap",
    "is_valid_utf8",
    "left",
    "left_pad",
    "length",
    "length_utf8",
    "lower",
    "lower_utf8",
    "multi_search_any",
    "multi_search_first_index",
    "ngrams",
    "not_empty",
    "position",
    "position_case_insensitive",
    "regexp_extract",
    "repeat",
    "replace_all",
    "replace_one",
    "replace_regexp_all",
    "replace_regexp_one",
    "reverse",
    "right",
    "right_pad",
    "split_by_char",
    "split_by_regexp",
    "split_by_string",
    "split_by_whitespace",
    "starts_with",
    "substring",
    "substring_index",
    "substring_utf8",
    "to_valid_utf8",
    "tokens",
    "translate",
    "trim",
    "trim_left",
    "trim_right",
    "upper",
    "upper_utf8",
]
