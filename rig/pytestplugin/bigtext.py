"""Words in letters five rows high: a verdict is read from two metres, not from the keyboard."""

from __future__ import annotations

_GLYPHS = {
    "A": " ███ /█   █/█████/█   █/█   █",
    "B": "████ /█   █/████ /█   █/████ ",
    "D": "████ /█   █/█   █/█   █/████ ",
    "E": "█████/█    /████ /█    /█████",
    "F": "█████/█    /████ /█    /█    ",
    "G": " ████/█    /█  ██/█   █/ ████",
    "I": "███/ █ / █ / █ /███",
    "L": "█    /█    /█    /█    /█████",
    "M": "█   █/██ ██/█ █ █/█   █/█   █",
    "N": "█   █/██  █/█ █ █/█  ██/█   █",
    "O": " ███ /█   █/█   █/█   █/ ███ ",
    "P": "████ /█   █/████ /█    /█    ",
    "R": "████ /█   █/████ /█  █ /█   █",
    "S": " ████/█    / ███ /    █/████ ",
    "T": "█████/  █  /  █  /  █  /  █  ",
    "U": "█   █/█   █/█   █/█   █/ ███ ",
    "0": " ███ /█  ██/█ █ █/██  █/ ███ ",
    "1": " █ /██ / █ / █ /███",
    "2": "████ /    █/ ███ /█    /█████",
    "3": "████ /    █/ ███ /    █/████ ",
    "4": "█  █ /█  █ /█████/   █ /   █ ",
    " ": "   /   /   /   /   ",
}
ROWS = 5


def big(word: str) -> list[str] | None:
    """Five rows that spell ``word``; None when a letter has no large form."""
    letters = [_GLYPHS.get(letter) for letter in word.upper()]
    known = [letter.split("/") for letter in letters if letter is not None]
    if not known or len(known) != len(letters):
        return None
    return ["  ".join(letter[row] for letter in known) for row in range(ROWS)]
