// The board as its chips stand in the stack: a column a domain, the host at the left, volts below.

const PITCH = 10, CHIP = 8.4, VOLTS_HEIGHT = 22;
const GOOD_SHARE = 0.995, BAD_SHARE = 0.985;
const WARM_CELSIUS = 45, HOT_CELSIUS = 65;
const MANY_CORES = 3;
const BAND_VOLTS = 0.06;

/** A map that ``draw`` keeps; ``view`` is answers, cores or heat. */
class BoardMap {
  constructor({ names = false } = {}) {
    this.root = svg("svg", { class: "map", role: "img" });
    this.withNames = names;
    this.shape = "";
  }

  build(board) {
    const { domains, chips_per_domain: rows } = board;
    const left = this.withNames ? 4 : 1;
    const top = this.withNames ? 9 : 1;
    const height = top + rows * PITCH + (this.withVolts ? VOLTS_HEIGHT + 5 : 0) + 1;
    this.root.setAttribute("viewBox", `0 0 ${left + domains * PITCH + 1} ${height}`);
    setStyle(this.root, "--shape", String((left + domains * PITCH + 1) / height));
    this.chips = [];
    this.columns = [];
    this.bars = [];
    this.titles = [];
    const parts = [];
    const at = (domain) => left + domain * PITCH;
    for (let domain = 0; domain < domains; domain += 1) {
      const column = svg("rect", { x: at(domain) - 0.9, y: top - 0.9, width: PITCH, height: rows * PITCH, rx: 1.5 });
      this.columns.push(column);
      parts.push(column);
      if (this.withNames) {
        const name = svg("text", { x: at(domain) + CHIP / 2, y: 6, class: "name" });
        name.textContent = domain;
        parts.push(name);
      }
    }
    for (let chip = 0; chip < domains * rows; chip += 1) {
      const box = { x: at(Math.floor(chip / rows)), y: top + (chip % rows) * PITCH, width: CHIP, height: CHIP, rx: 1.4 };
      const rect = svg("rect", box);
      if (this.withNames) {
        const title = svg("title");
        rect.append(title);
        this.titles.push(title);
      }
      this.chips.push(rect);
      parts.push(rect);
    }
    if (this.withVolts) {
      const base = top + rows * PITCH + 3;
      for (let domain = 0; domain < domains; domain += 1) {
        const trough = svg("rect", { x: at(domain), y: base, width: CHIP, height: VOLTS_HEIGHT, rx: 1, class: "trough" });
        const bar = svg("rect", { x: at(domain), width: CHIP, rx: 1 });
        this.bars.push({ bar, base });
        parts.push(trough, bar);
      }
      this.mean = svg("line", { x1: left - 1, x2: at(domains), class: "mean", y1: base, y2: base });
      parts.push(this.mean);
    }
    this.root.replaceChildren(...parts);
  }

  draw(board, { view = "answers", volts = true } = {}) {
    const shape = `${board.domains}x${board.chips_per_domain} ${volts}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.withVolts = volts;
      this.build(board);
    }
    const failing = new Set(board.failing_chips);
    const domains = new Set(board.failing_domains);
    this.chips.forEach((rect, chip) => {
      setClass(rect, `chip ${chipLook(board, chip, view)}${failing.has(chip) ? " failing" : ""}`);
      if (this.withNames) setText(this.titles[chip], chipWords(board, chip));
    });
    // A ring is drawn over its neighbours: the failing ones come last.
    for (const chip of failing) if (this.chips[chip]?.nextSibling) this.chips[chip].parentNode.append(this.chips[chip]);
    this.columns.forEach((column, domain) => setClass(column, domains.has(domain) ? "column failing" : "column"));
    // A failing chip's domain is only where it stands.
    if (this.withVolts) this.drawVolts(board, failing.size ? new Set() : domains);
    setAttribute(this.root, "aria-label", t("ui.map", { found: board.chips_found ?? "–", all: this.chips.length }));
  }

  drawVolts(board, failing) {
    const known = board.domain_volts.filter((volts) => volts !== null);
    const mean = known.reduce((sum, volts) => sum + volts, 0) / known.length;
    this.bars.forEach(({ bar, base }, domain) => {
      const volts = board.domain_volts[domain] ?? null;
      show(bar, volts !== null);
      if (volts === null) return;
      // The mean stands in the middle; the whole height is four times the band to either side.
      const share = Math.min(1, Math.max(0.04, 0.5 + (volts - mean) / (8 * BAND_VOLTS)));
      setAttribute(bar, "y", String(base + VOLTS_HEIGHT * (1 - share)));
      setAttribute(bar, "height", String(VOLTS_HEIGHT * share));
      setClass(bar, failing.has(domain) ? "volts failing" : Math.abs(volts - mean) > BAND_VOLTS ? "volts off" : "volts");
    });
    show(this.mean, known.length > 0);
    if (known.length) {
      const middle = String(this.bars[0].base + VOLTS_HEIGHT / 2);
      setAttribute(this.mean, "y1", middle);
      setAttribute(this.mean, "y2", middle);
    }
  }
}

function chipLook(board, chip, view) {
  if (board.chips_found !== null && chip >= board.chips_found) return "lost";
  if (view === "heat") return heatLook(board.chip_celsius[chip] ?? nearestSensor(board, chip));
  if (view === "cores") {
    const cores = board.bad_cores[chip] ?? null;
    return cores === null ? "unknown" : cores >= MANY_CORES ? "low" : cores > 0 ? "fair" : "good";
  }
  const share = board.hit_shares[chip] ?? null;
  if (share === null) return board.chips_found === null ? "unknown" : "found";
  return share >= GOOD_SHARE ? "good" : share > BAD_SHARE ? "fair" : "low";
}

// Sensors stand along the stack; a chip without a temperature of its own takes the nearest one's.
function nearestSensor(board, chip) {
  const sensors = board.sensor_celsius;
  if (!sensors.length) return null;
  const all = board.domains * board.chips_per_domain;
  return sensors[Math.min(sensors.length - 1, Math.floor((chip * sensors.length) / all))];
}

function heatLook(celsius) {
  if (celsius === null) return "unknown";
  const step = Math.round((4 * (celsius - WARM_CELSIUS)) / (HOT_CELSIUS - WARM_CELSIUS));
  return `heat${Math.min(4, Math.max(0, step))}`;
}

function chipWords(board, chip) {
  const share = board.hit_shares[chip] ?? null;
  const cores = board.bad_cores[chip] ?? null;
  const words = [t("ui.chip", { chip, domain: Math.floor(chip / board.chips_per_domain) })];
  if (board.chips_found !== null && chip >= board.chips_found) words.push(t("ui.chip.lost"));
  if (share !== null) words.push(t("ui.chip.share", { percent: fixed(100 * share, 2) }));
  if (cores) words.push(t("ui.chip.cores", { cores }));
  return words.join("\n");
}
