"""Complaints (校验提示): what the compiler says about a policy file, in both languages.

One small function a fault; its name and its code say the fault. Each is given the place and what
was found there and answers a :class:`yibao.base.findings.Fault`: code, place, what is wrong, what
to do. Modules follow the compiler's: words, numbers, layers, plans, area; `syntax` retells what the
document models refuse.

Holds: every message names what was found, every remedy what may stand there instead. Codes are
stable; docs/policy-language.md lists them.

Refuses: to judge. Whether something is a fault is decided where the law is compiled.
"""
