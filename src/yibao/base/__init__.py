"""Base: the words that every floor shares, and nothing that decides anything.

Money is an integer number of fen and a rate an integer in millionths; a span of days is
half-open; text for people comes in Chinese and English together; a fault carries its place and
its remedy. Whatever needs one of these takes it from here, so that there is one rounding, one way
to share an amount out and one meaning of "until".

Holds: values are immutable, every function gives the same answer to the same arguments, and no
amount or rate is ever a float.

Refuses: to know what day it is, to read or write anything, to hold a number of any law, and to
import any other floor of the house.
"""
