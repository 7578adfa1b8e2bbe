"""Draw a run's journal as SVG: python docs/plot_run.py results/<date>/<run>/journal.jsonl > run.svg"""

from __future__ import annotations

import json
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 320, 50, 40, 40
CURVES = (
    ("watts", "W", "#c2410c", 1200.0), ("hottest", "°C", "#be123c", 80.0), ("mhz", "MHz", "#1d4ed8", 700.0),
)


def main(journal: Path) -> str:
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    end = max(entry["seconds"] for entry in entries)
    start = entries[0]["data"]

    def x(seconds: float) -> float:
        return LEFT + seconds / end * (WIDTH - LEFT - 20)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{LEFT}" y="18" font-size="14">Board {start["serial"]} on {start["slot"]}'
        f'{" (simulated)" if start["simulated"] else ""}: {entries[-1]["data"].get("verdict", "")}</text>'
    ]
    phases = [(e["data"]["at_seconds"], e["data"]["text"]) for e in entries if e["kind"] == "event"]
    for number, ((at, name), (until, _)) in enumerate(zip(phases, [*phases[1:], (end, "")], strict=True)):
        shade = "#f1f5f9" if number % 2 else "#e2e8f0"
        parts.append(f'<rect x="{x(at):.1f}" y="{TOP}" width="{x(until) - x(at):.1f}" '
                     f'height="{HEIGHT - TOP - BOTTOM}" fill="{shade}"/>')
        if x(until) - x(at) > 6 * len(name):
            parts.append(f'<text x="{x(at) + 3:.1f}" y="{TOP + 12}" fill="#475569">{name}</text>')
    samples = [e for e in entries if e["kind"] == "sample"]
    for key, unit, colour, full in CURVES:
        points = [
            (e["seconds"], e["data"][key]) for e in samples if isinstance(e["data"].get(key), int | float)
        ]
        line = " ".join(f"{x(at):.1f},{y(value / full):.1f}" for at, value in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if points:
            at, value = points[-1]
            parts.append(f'<text x="{x(at) - 60:.1f}" y="{y(value / full) - 6:.1f}" fill="{colour}">'
                         f"{value:.0f} {unit}</text>")
    for second in range(0, int(end) + 1, 10):
        parts.append(f'<text x="{x(second):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{second} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1])))
