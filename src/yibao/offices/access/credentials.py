"""Secrets (凭据): passwords that people remember, and random ones that machines keep.

A password is weak and is hashed slowly, by Argon2id in the library's profile (RFC 9106, low
memory). A random secret of 256 bits cannot be guessed however fast its hash is; SHA-256 of it finds
its row and costs a request nothing (ADR 22).

Holds: a secret is text only in the value returned when it was made. Judging a password costs the
same whether or not the account exists.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from yibao.base.texts import Text
from yibao.offices.access.refusals import AccessRefused
from yibao.offices.access.settings import AccessSettings

_SECRET_BYTES = 32
_KEY_ID_BYTES = 8
_PREFIX = "yibao"
_NO_DIGEST = bytes(32)


class Judged(NamedTuple):
    """Whether a password is right, and its new hash where the stored one is of an older profile."""

    is_right: bool
    rehashed: str | None


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its holder keeps it: ``yibao.<key id>.<secret>``."""

    key_id: str
    secret: str

    def __str__(self) -> str:
        return f"{_PREFIX}.{self.key_id}.{self.secret}"

    def __repr__(self) -> str:
        return f"KeyText({self.key_id!r}, …)"


def new_key() -> KeyText:
    """A new key; its text exists here and nowhere else."""
    return KeyText(secrets.token_hex(_KEY_ID_BYTES), new_secret())


def parse_key(text: str) -> KeyText | None:
    """What a caller presented as its key; None if it does not look like one."""
    prefix, _, rest = text.strip().partition(".")
    key_id, _, secret = rest.partition(".")
    return KeyText(key_id, secret) if prefix == _PREFIX and key_id and secret else None


def new_secret() -> str:
    """A random secret of 256 bits, as text that fits a header."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is stored of a random secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(_bytes(secret)).digest()


def is_same(secret: str, stored: bytes | None) -> bool:
    """Compare in constant time; None (there is no such row) costs the same and is never equal."""
    equal = hmac.compare_digest(digest(secret), stored if stored is not None else _NO_DIGEST)
    return equal and stored is not None


def check_password(
    password: str, *, login_name: str, settings: AccessSettings, present: str | None = None
) -> None:
    """Refuse a password: length, plainness, little beside the login name, the present one.

    Raises:
        AccessRefused: ``password_weak``.
    """
    said = _normal(password)
    shortest, longest = settings.shortest_password, settings.longest_password
    if not shortest <= len(said) <= longest:
        why = Text(
            f"密码须有 {shortest} 至 {longest} 个字符",
            f"a password has {shortest} to {longest} characters",
        )
    elif len(set(said)) < 4:
        why = Text("密码中不同的字符太少", "the password has too few different characters")
    elif len(said.casefold().replace(login_name.casefold(), "")) < shortest:
        why = Text(
            "除登录名外密码太短", "beside the login name, the password has too few characters"
        )
    elif present is not None and said == _normal(present):
        why = Text("新密码与现密码相同", "the new password is the present one")
    else:
        return
    remedy = Text("请改用较长的、只有自己知道的句子", "take a longer sentence that only you know")
    raise AccessRefused("password_weak", why, remedy)


async def hash_password(password: str) -> str:
    """The hash to store, made beside the event loop: it takes some fifty milliseconds."""
    return await asyncio.to_thread(_hasher().hash, _bytes(_normal(password)))


async def judge_password(password: str, stored: str | None) -> Judged:
    """Whether a password is that of the stored hash; None (no such account) costs the same."""
    return await asyncio.to_thread(_judge, _bytes(_normal(password)), stored)


def _judge(password: bytes, stored: str | None) -> Judged:
    unknown = _of_no_account()  # made at the first call of all, whoever that asks for
    try:
        _hasher().verify(stored if stored is not None else unknown, password)
    except (VerificationError, InvalidHashError):
        return Judged(is_right=False, rehashed=None)
    if stored is None:
        return Judged(is_right=False, rehashed=None)
    stale = _hasher().check_needs_rehash(stored)
    return Judged(is_right=True, rehashed=_hasher().hash(password) if stale else None)


def _normal(password: str) -> str:
    """One form for what different keyboards write for the same characters."""
    return unicodedata.normalize("NFKC", password)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # what a terminal could not decode is judged too


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _of_no_account() -> str:
    """A hash that no password is known for."""
    return _hasher().hash(new_secret())
