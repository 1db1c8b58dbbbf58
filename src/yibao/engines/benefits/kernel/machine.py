"""The machine words that generated code is written in: loads, stores and exact division.

Generated code knows one type, the 64-bit integer, and two kinds of it: amounts and addresses. Each
word compiles to an instruction or two. (Numba's own array indexing wraps negative indices, and its
integer division rounds towards minus infinity, which together cost a third of the speed.)

Holds: a product of an amount and a rate stays below 2^64, so that its rounding is an unsigned
division; amounts are at most ``AMOUNT_LIMIT``. Whoever runs generated code has checked every column
that it may touch: an address is never checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from yibao.base.rates import MILLION

_INT64, _INT32 = ir.IntType(64), ir.IntType(32)

Build = Callable[..., ir.Value]
Word = Callable[..., int]
Typed = tuple[object, Callable[..., ir.Value]]


def word(arguments: int) -> Callable[[Build], Word]:
    """A machine word over so many 64-bit integers, from what builds its instructions."""

    def made(build: Build) -> Word:
        def codegen(
            _context: object, builder: ir.IRBuilder, _signature: object, values: ir.Value
        ) -> ir.Value:
            return build(builder, *values)

        typed = types.int64(*[types.int64] * arguments), codegen
        return cast("Word", intrinsic(_TYPINGS[arguments](typed)))

    return made


def _typing_of_one(typed: Typed) -> Callable[..., Typed]:
    def typing(_typing: object, _first: object) -> Typed:
        return typed

    return typing


def _typing_of_two(typed: Typed) -> Callable[..., Typed]:
    def typing(_typing: object, _first: object, _second: object) -> Typed:
        return typed

    return typing


def _typing_of_three(typed: Typed) -> Callable[..., Typed]:
    def typing(_typing: object, _first: object, _second: object, _third: object) -> Typed:
        return typed

    return typing


_TYPINGS = {1: _typing_of_one, 2: _typing_of_two, 3: _typing_of_three}


def _place(
    builder: ir.IRBuilder, address: ir.Value, index: ir.Value, *, kind: ir.IntType
) -> ir.Value:
    return builder.gep(builder.inttoptr(address, kind.as_pointer()), [index])


@word(2)
def load(builder: ir.IRBuilder, address: ir.Value, index: ir.Value) -> ir.Value:
    """The integer at a place, counted in integers from an address."""
    return builder.load(_place(builder, address, index, kind=_INT64))


@word(2)
def load32(builder: ir.IRBuilder, address: ir.Value, index: ir.Value) -> ir.Value:
    """The 32-bit integer at a place, counted in such."""
    return builder.sext(builder.load(_place(builder, address, index, kind=_INT32)), _INT64)


@word(3)
def store(builder: ir.IRBuilder, address: ir.Value, index: ir.Value, value: ir.Value) -> ir.Value:
    """Put an integer in a place."""
    builder.store(value, _place(builder, address, index, kind=_INT64))
    return ir.Constant(_INT64, 0)


@word(3)
def store32(builder: ir.IRBuilder, address: ir.Value, index: ir.Value, value: ir.Value) -> ir.Value:
    """Put a 32-bit integer in a place."""
    narrow = builder.trunc(value, _INT32)
    builder.store(narrow, _place(builder, address, index, kind=_INT32))
    return ir.Constant(_INT64, 0)


@word(2)
def least(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """The smaller of two."""
    return builder.select(builder.icmp_signed("<", first, second), first, second)


@word(2)
def most(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """The larger of two."""
    return builder.select(builder.icmp_signed(">", first, second), first, second)


@word(1)
def share(builder: ir.IRBuilder, product: ir.Value) -> ir.Value:
    """Fen-millionths to fen. Rounding: half up."""
    half_more = builder.add(product, ir.Constant(_INT64, MILLION // 2))
    return builder.udiv(half_more, ir.Constant(_INT64, MILLION))


@word(2)
def quotient(builder: ir.IRBuilder, product: ir.Value, divisor: ir.Value) -> ir.Value:
    """How often a divisor goes into a product, which uses all 64 bits."""
    return builder.udiv(product, divisor)


@word(2)
def exceeds(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """1 if the first product is larger than the second; both use all 64 bits."""
    return builder.zext(builder.icmp_unsigned(">", first, second), _INT64)


@word(2)
def ahead(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """1 if the first is larger than the second."""
    return builder.zext(builder.icmp_signed(">", first, second), _INT64)
