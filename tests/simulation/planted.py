"""Words that must not get out, looked for in every guise that bytes may give them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import quopri
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from urllib.parse import quote, quote_plus

__all__ = ["found_in", "guises"]

_SHORTEST = 5
"""Shorter pieces turn up by chance in what is long and random."""


def found_in(haystack: bytes, words: Iterable[str]) -> set[str]:
    """Which of `words` are in `haystack`, in any guise, in upper or lower case, folded or packed."""
    texts = {seen for text in _unpacked(haystack) for seen in (text, text.lower())}
    return {word for word in words if any(guise in text for guise in guises(word) for text in texts)}


@cache
def guises(word: str) -> frozenset[bytes]:
    """The bytes that `word` may come as."""
    found: set[bytes] = set()
    for form in _forms(word):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "utf-7"):
            try:
                raw = form.encode(encoding)
            except UnicodeEncodeError:
                continue
            found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), *_base64(raw)}
        plain = form.encode()
        for safe in ("", "/@", "@", "'"):
            found |= {quote(form, safe=safe).encode(), quote_plus(form, safe=safe).encode()}
        found |= {quote(form, safe="").lower().encode(), quote(quote(form, safe="")).encode()}
        found |= {json.dumps(form)[1:-1].encode(), json.dumps(form)[1:-1].upper().replace("\\U", "\\u").encode()}
        found |= {quopri.encodestring(plain).strip(), form.encode("unicode_escape"), escape(form).encode()}
        found |= {form.encode("ascii", "xmlcharrefreplace"), re.sub("[^ -~]", _hex, form).encode()}
        found |= {re.sub("[^ -~]", lambda m: _hex(m).upper().replace("X", "x"), form).encode()}
        found |= {form.replace(" ", sep).encode() for sep in ("-", "_", ".", "", "%20", "+")}
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            made = digest(plain).digest()
            found |= {made.hex().encode(), base64.b64encode(made).rstrip(b"="), base64.urlsafe_b64encode(made)[:20]}
            found |= {base64.b32encode(made).rstrip(b"="), base64.b32hexencode(made).rstrip(b"=").lower()}
    if "@" in word and word.isascii():
        found.add(word.partition("@")[2].encode("idna"))
    return frozenset(one for one in found if len(one) >= _SHORTEST)


def _forms(word: str) -> set[str]:
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    cases = {word, word.lower(), word.upper(), word.title(), word.casefold(), bare, bare.lower()}
    return {unicodedata.normalize(form, case) for case in cases for form in ("NFC", "NFD")}


def _base64(raw: bytes) -> Iterator[bytes]:
    """What `raw` looks like within base64 text, wherever it begins in it."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw)
        core = text[-(-before * 4 // 3) : (before + len(raw)) * 8 // 6]
        if len(core) >= 8:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def _hex(match: re.Match[str]) -> str:
    return f"&#x{ord(match[0]):x};"


def _unpacked(haystack: bytes) -> Iterator[bytes]:
    """The bytes as they are; without the folds of iCalendar, mail and base64; and what is packed in them."""
    yield haystack
    yield re.sub(rb"\r?\n[ \t]|=\r?\n", b"", haystack)
    yield re.sub(rb"\r?\n", b"", haystack)
    for found in re.finditer(rb"\x1f\x8b\x08", haystack):
        try:
            yield zlib.decompressobj(wbits=31).decompress(haystack[found.start() :])
        except zlib.error:
            continue


def packed(text: bytes) -> bytes:
    """`text` as a gzipped body."""
    return gzip.compress(text, mtime=0)
