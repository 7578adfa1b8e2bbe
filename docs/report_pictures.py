"""Draw docs/report-*.png anew: python docs/report_pictures.py [CHROMIUM]

A history of 20,000 boards is drawn, its reports are made, and a browser takes their pictures.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
PICTURES = {"line": (1280, 1690), "station": (1280, 1120), "board": (1280, 1300)}


def main(browser: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rig-pictures-") as folder:
        results = Path(folder) / "results"
        rig(results, "demo-history", "--boards", "20000", "--days", "60", "--seed", "7")
        rig(results, "report", "line", "--simulated", "--out", f"{folder}/line.html")
        rig(results, "report", "station", "--station", "A2-01", "--simulated",
            "--out", f"{folder}/station.html")
        rig(results, "report", "board", a_failed_run(results), "--out", f"{folder}/board.html")
        for name, (wide, high) in PICTURES.items():
            subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--user-data-dir={folder}/browser", f"--window-size={wide},{high}",
                 f"--screenshot={DOCS / f'report-{name}.png'}", f"file://{folder}/{name}.html"],
                check=True, stderr=subprocess.DEVNULL,
            )


def rig(results: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "rig", *words, "--results", str(results)], check=True)


def a_failed_run(results: Path) -> str:
    """The first board with a weak chip."""
    from rig.qa.lake import Lake
    from rig.qa.select import Asked, Chosen

    chosen = Chosen(Lake(results / "lake"), Asked(simulated=True))
    return str(chosen.one("SELECT min(run_id) FROM units WHERE board_code = 'CHIP-WEAK'")[0])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium") or "chromium")
