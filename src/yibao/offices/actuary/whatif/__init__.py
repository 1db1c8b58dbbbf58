"""What-if: the same claims settled under two laws, and the difference by group (docs/what-if.md).

``compare`` is the use case: ``runs`` settles each side, ``pairs`` joins the two results claim by
claim, ``groups`` says which group a claim is in, ``summing`` adds up, and ``shapes`` is what comes
out. ``grounds`` tells how far a figure may be trusted. ``output`` writes it as tables and data,
``page`` with ``panels`` draws it, ``units`` writes its numbers.

Holds: every claim read is compared, or rejected by both sides, or by one of them, and told as such.
Refuses: to compare a law with itself, and to tell a figure without the grounds it stands on.
"""
