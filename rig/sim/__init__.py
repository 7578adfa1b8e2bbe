"""The simulated bench: real ports in front of a model of boards, supply, instruments and fixture.

Everything but ``pty``, ``server`` and ``bench`` is sans-IO and told the time, so the same models run
behind ports and in virtual time. The room shares no code with what tests boards (board, guard,
instruments, verdict): it must not share their mistakes.
"""
