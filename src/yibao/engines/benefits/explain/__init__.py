"""Explanation (结算说明): a determination told again, for a person and for a program.

Every fen of a bill ends in one of two places: some layer paid it, or an adjustment with a reason
keeps it on the member. ``data`` lays that out layer by layer, ``reasons`` is the published table of
reasons, ``text`` tells it in Chinese and English, ``encoded`` writes it as JSON.

Holds: every figure shown is a figure of the determination, or a plain sum or difference of two of
them; submitted = Σ benefits + Σ adjustments is checked by raising before anything is shown.

Refuses: to adjudicate, to round, to look a rule up, to draw and to print (an office draws, a door
prints), and to hide that a value was an example or a question of law is open.
"""
