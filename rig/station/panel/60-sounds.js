// Sounds that are told apart with ears half covered: up for a pass, down for a fail, two tones for the station.

const SOUNDS = {
  PASS: [[660, 0, 0.12], [880, 0.14, 0.12], [1320, 0.28, 0.3]],
  MARGINAL: [[660, 0, 0.15], [660, 0.22, 0.15], [880, 0.44, 0.25]],
  RETEST: [[660, 0, 0.15], [660, 0.22, 0.15], [660, 0.44, 0.25]],
  FAIL: [[440, 0, 0.25], [330, 0.28, 0.25], [220, 0.56, 0.5]],
  STATION_FAULT: [[950, 0, 0.2], [600, 0.22, 0.2], [950, 0.44, 0.2], [600, 0.66, 0.2], [950, 0.88, 0.2], [600, 1.1, 0.2]],
  STOPPED: [[330, 0, 0.4]],
  NO_LINK: [[1200, 0, 0.1], [1200, 0.16, 0.1], [1200, 0.32, 0.1], [1200, 0.6, 0.1], [1200, 0.76, 0.1], [1200, 0.92, 0.1]],
  refused: [[180, 0, 0.35]],
  accepted: [[1320, 0, 0.06]],
};
const LOUDNESS = 0.25;

class Sounds {
  constructor() {
    this.muted = false;
    this.context = null;
  }

  // A browser lets a page sound only after somebody touched it; a scan is enough.
  wake() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
  }

  play(name) {
    if (this.muted || !this.context || !SOUNDS[name]) return;
    const now = this.context.currentTime;
    for (const [hertz, at, seconds] of SOUNDS[name]) {
      const tone = this.context.createOscillator();
      const loud = this.context.createGain();
      tone.type = "triangle";
      tone.frequency.value = hertz;
      loud.gain.setValueAtTime(0, now + at);
      loud.gain.linearRampToValueAtTime(LOUDNESS, now + at + 0.01);
      loud.gain.setValueAtTime(LOUDNESS, now + at + seconds - 0.02);
      loud.gain.linearRampToValueAtTime(0, now + at + seconds);
      tone.connect(loud).connect(this.context.destination);
      tone.start(now + at);
      tone.stop(now + at + seconds);
    }
  }

  /** A verdict sounds once, when it is first seen; what is there when the page opens does not. */
  heard(before, tile) {
    if (!before) return;
    const was = before.outcome ?? before.state;
    const is = tile.outcome ?? tile.state;
    if (is !== was || before.run_id !== tile.run_id) this.play(is);
  }
}
