// The scanner is a keyboard that ends in Enter: one field has the focus, always, and is never seen.

const BURST_MS = 30;             // a scanner's keys come closer than a person's
const BURST_KEYS = 6;
const PAUSE_MS = 1000;
const BADGE = /^badge-/i;

class Scanner {
  /** ``scanned(text)`` for a whole scan, ``typing(text)`` while a person types, ``confirm()`` for Enter alone. */
  constructor(field, { scanned, typing, confirm, touched }) {
    this.field = field;
    this.scanned = scanned;
    this.typing = typing;
    this.confirm = confirm;
    this.times = [];
    field.addEventListener("keydown", (event) => this.key(event, touched));
    field.addEventListener("input", () => this.typing(this.shown()));
    field.addEventListener("blur", () => setTimeout(() => this.focus()));
    window.addEventListener("focus", () => this.focus());
    document.addEventListener("pointerup", () => this.focus());
    this.focus();
  }

  focus() {
    if (document.activeElement !== this.field) this.field.focus({ preventScroll: true });
  }

  clear() {
    this.field.value = "";
    this.times = [];
    this.typing("");
  }

  key(event, touched) {
    if (event.key === "Enter") {
      event.preventDefault();
      touched();
      if (!event.repeat) this.enter();
      return;
    }
    // Nothing starts with the space bar, and a held key is no text.
    if (event.key === " " && this.field.value === "") event.preventDefault();
    if (event.repeat && event.key.length === 1) event.preventDefault();
    if (event.key.length === 1 && !event.defaultPrevented) this.times.push(event.timeStamp);
    if (event.key === "Backspace") this.times.pop();
  }

  enter() {
    const text = this.whole().trim();
    this.clear();
    if (text) this.scanned(text);
    else this.confirm();
  }

  /** True while the last keys came as a scanner sends them. */
  bursting() {
    return this.burst() >= BURST_KEYS;
  }

  // How many of the last keys came without a person's pause between them.
  burst() {
    let keys = this.times.length ? 1 : 0;
    while (keys < this.times.length && this.times.at(-keys) - this.times.at(-keys - 1) < BURST_MS) keys += 1;
    return keys;
  }

  // A key that was touched before the scan is no part of it. Only a pause no scanner makes tells them
  // apart: to cut a letter off a scan would be worse than to refuse it.
  whole() {
    const text = this.field.value;
    const times = this.times;
    let keys = 1;
    while (keys < times.length && times.at(-keys) - times.at(-keys - 1) < PAUSE_MS) keys += 1;
    const quick = times.at(-1) - times.at(-keys) < keys * BURST_MS;
    return times.length === text.length && keys >= BURST_KEYS && quick ? text.slice(-keys) : text;
  }

  // A person sees what they type; a scan passes too quickly to be read, and a badge is nobody's business.
  shown() {
    const text = this.field.value;
    if (this.bursting()) return "";
    return BADGE.test(text) ? text.slice(0, 6) + "•".repeat(text.length - 6) : text;
  }
}
