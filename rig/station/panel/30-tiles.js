// The grid: a tile a slot, its state by word, icon and colour, the result all over it.

const ICONS = {
  EMPTY: "empty", READY: "ready", ACTION_NEEDED: "action", RUNNING: "running", HOT: "hot", PASS: "pass",
  MARGINAL: "marginal", RETEST: "retest", FAIL: "fail", STATION_FAULT: "station", STOPPED: "stopped", NO_LINK: "nolink",
};
const LAST_LETTERS = 6;
const WITH_MAP = new Set(["RUNNING", "PASS", "MARGINAL", "RETEST", "FAIL"]);

class Tile {
  constructor(open) {
    this.number = el("b", "number");
    this.icon = icon("empty");
    this.word = el("h2");
    this.left = el("span", "left");
    this.head = el("header", "", this.number, this.icon, this.word, this.left);
    this.code = el("b", "code");
    this.first = el("span");
    this.last = el("b");
    this.serial = el("span", "serial", this.first, this.last);
    this.golden = el("span", "mark");
    this.sub = el("div", "sub", this.code, this.golden, this.serial);
    this.phase = el("p", "phase");
    this.bar = el("div", "bar", el("i"));
    this.big = el("p", "big");
    this.map = new BoardMap();
    this.figures = el("dl", "figures");
    this.watts = this.figure("watts");
    this.celsius = this.figure("celsius");
    this.answers = this.figure("answers");
    this.grade = el("p", "grade");
    this.used = el("p", "used");
    this.headline = el("p", "headline");
    this.place = el("p", "place");
    this.sentence = el("p", "sentence");
    this.action = el("p", "action");
    this.label = el("p", "label");
    this.flow = el("div", "flow", this.map.root, this.figures, this.grade, this.used, this.headline, this.place, this.sentence,
      this.action, this.label);
    this.body = el("div", "body", this.flow);
    this.waits = el("p", "waits");
    this.result = el("p", "result");
    this.hands = el("p", "hands");
    this.root = el("section", "tile", this.head, this.sub, this.phase, this.bar, this.big, this.body,
      this.hands, this.waits, this.result);
    this.cell = el("div", "cell", this.root);
    this.cell.addEventListener("mousedown", (event) => event.preventDefault());
    this.cell.addEventListener("click", open);
    this.said = "";
  }

  figure(name) {
    const value = el("dd");
    const label = el("dt");
    this.figures.append(el("div", "", label, value));
    return { value, label, name };
  }

  draw(tile) {
    const hot = tile.state === "HOT";
    setClass(this.root, `tile is-${tile.state.toLowerCase().replace("_", "-")}`);
    setAttribute(this.root, "aria-label", `${tile.number} ${say(tile.title)}`);
    setText(this.number, String(tile.number));
    setIcon(this.icon, ICONS[tile.state]);
    this.drawHead(tile, hot);
    this.drawRunning(tile);
    this.drawBoard(tile);
    this.drawSays(tile, hot);
    setText(this.big, hot ? handsFigures(tile) : "");
    setText(this.hands, tile.hands_off && !hot ? [t("ui.hands_off"), handsFigures(tile)].filter(Boolean).join(" · ") : "");
    setText(this.waits, hot ? "" : this.waitsFor(tile));
    this.drawResult(tile, hot);
    this.cut();
  }

  drawHead(tile, hot) {
    const word = wordOf(tile);
    const timed = tile.state === "RUNNING" && tile.seconds_left !== null;
    setText(this.word, word);
    setText(this.left, timed ? clock(tile.seconds_left) : "");
    setStyle(this.head, "--ems", widthOf(word).toFixed(2));
    setText(this.code, hot ? "" : tile.code);
    setStyle(this.sub, "--chars", String(tile.code?.length ?? 1));
    setText(this.golden, tile.golden ? t("ui.golden") : "");
    // Where a serial does not fit, its end is what tells boards apart.
    setText(this.first, tile.serial?.slice(0, -LAST_LETTERS));
    setText(this.last, tile.serial?.slice(-LAST_LETTERS));
    show(this.sub, Boolean(tile.serial || tile.golden || (tile.code && !hot)));
  }

  drawRunning(tile) {
    const running = tile.state === "RUNNING";
    setText(this.phase, running ? sayPhase(tile.phase) : "");
    drawBar(this.bar, tile);
    show(this.figures, running);
    if (!running) return;
    setText(this.watts.value, withUnit(tile.watts, 0, "W"));
    setText(this.celsius.value, withUnit(tile.celsius, 0, "°C"));
    setText(this.answers.value, `${fixed(tile.answers_per_second)}/s`);
    for (const { label, name } of [this.watts, this.celsius, this.answers]) setText(label, t(`ui.fact.${name}`));
  }

  drawBoard(tile) {
    const mapped = tile.board !== null && WITH_MAP.has(tile.state);
    show(this.map.root, mapped);
    if (!mapped) return;
    const running = tile.state === "RUNNING";
    this.map.draw(tile.board, { volts: running || tile.board.failing_domains.length > 0 });
  }

  // The code in a few words and the place say it; the whole sentence where there is room for it.
  drawSays(tile, hot) {
    const verdict = tile.outcome !== null && !hot;
    const known = !hot && tile.code !== null && knows(`ui.code.${tile.code}`);
    setText(this.grade, verdict && tile.grade ? t("ui.grade", { grade: tile.grade }) : "");
    const used = [tile.watts && withUnit(tile.watts, 0, "W"), tile.seconds && clock(tile.seconds)].filter(Boolean);
    setText(this.used, verdict && tile.grade ? used.join(" · ") : "");
    setText(this.headline, known ? t(`ui.code.${tile.code}`) : "");
    setText(this.place, hot ? "" : sayOfBoard(tile, "place"));
    setText(this.sentence, hot ? "" : sayOfBoard(tile, "sentence"));
    setText(this.action, hot ? say(tile.hands_off?.words) : sayOfBoard(tile, "action"));
    setText(this.label, hot ? "" : say(tile.label));
    const shape = tile.state === "RUNNING" ? "live" : "flow";
    setClass(this.flow, known && !this.place.hidden ? `${shape} known` : shape);
  }

  waitsFor(tile) {
    if (tile.needs_release) return t("ui.waits.release", { number: tile.number });
    return tile.needs_ack ? t("ui.waits.ack", { number: tile.number }) : "";
  }

  drawResult(tile, hot) {
    const shown = hot && tile.outcome !== null && tile.outcome !== "HOT";
    const words = [t("ui.result"), t(`ui.state.${tile.outcome}`), tile.code ?? tile.grade ?? ""];
    setText(this.result, shown ? words.join(" ").trim() : "");
    if (shown) setClass(this.result, `result was-${tile.outcome.toLowerCase().replace("_", "-")}`);
  }

  /** Marks a text that does not fit. The layout is asked only when the text, or the room for it, is another. */
  cut() {
    const strips = [this.sub, this.hands, this.waits, this.result].map((strip) => strip.hidden).join();
    const said = this.flow.textContent + this.root.className + strips;
    if (said === this.said) return;
    this.said = said;
    if (this.flow.matches(".live")) {
      this.body.className = "body";
      return;
    }
    const over = () => this.flow.scrollHeight > this.flow.clientHeight + 2;
    // The code's few words stand for the sentence, the map for the place; what to do must be there, in smaller
    // type if need be.
    for (const look of ["body", "body tight", "body tight tighter", "body tight tighter small", "body tight tighter small bare",
      "body tight tighter small bare cut"]) {
      this.body.className = look;
      if (!over()) break;
    }
  }
}

const widths = new Map();
const ruler = document.createElement("canvas").getContext("2d");

/** How many ems a word of a tile is wide, in the font this machine has. */
function widthOf(word) {
  if (!widths.has(word)) {
    ruler.font = `700 100px ${getComputedStyle(document.body).fontFamily}`;
    widths.set(word, ruler.measureText(word).width / 100);
  }
  return widths.get(word);
}

/** How far a run is; a bar that stands aside where nobody can tell. */
function drawBar(bar, tile) {
  show(bar, tile.state === "RUNNING");
  setClass(bar, tile.progress === null ? "bar unknown" : "bar");
  setStyle(bar.firstChild, "width", tile.progress === null ? "30%" : `${(100 * tile.progress).toFixed(1)}%`);
}

/** The word of a tile without its code, which stands apart. */
function wordOf(tile) {
  const said = say(tile.title);
  return tile.code !== null && said.endsWith(tile.code) ? said.slice(0, -tile.code.length).trim() : said;
}

function handsFigures(tile) {
  const { volts, celsius } = tile.hands_off ?? tile;
  const parts = [];
  if (volts !== null && volts !== undefined) parts.push(withUnit(volts, 1, "V"));
  if (celsius !== null && celsius !== undefined) parts.push(withUnit(celsius, 0, "°C"));
  return parts.join(" · ");
}

class Grid {
  constructor(root, open) {
    this.root = root;
    this.open = open;
    this.tiles = new Map();
    new ResizeObserver(() => this.fit()).observe(root);
  }

  draw(view, selected) {
    const slots = view.tiles.map((tile) => tile.slot);
    if (slots.join() !== [...this.tiles.keys()].join()) this.build(slots);
    for (const tile of view.tiles) this.drawTile(tile, selected);
  }

  build(slots) {
    this.tiles = new Map(slots.map((slot) => [slot, new Tile(() => this.open(slot))]));
    this.root.replaceChildren(...[...this.tiles.values()].map((tile) => tile.cell));
    this.fit();
  }

  drawTile(tile, selected) {
    const drawn = this.tiles.get(tile.slot);
    if (!drawn) return;
    drawn.draw(tile);
    setClass(drawn.cell, tile.slot === selected ? "cell selected" : "cell");
  }

  // As many columns as make the tiles' type largest, in the shape their content has.
  fit() {
    const count = this.tiles.size;
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!count || !width) return;
    let best = { size: 0, columns: 1 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const size = Math.min(width / columns, (1.72 * height) / rows);
      if (size > best.size) best = { size, columns };
    }
    // What would be too small to read scrolls instead: a phone.
    const scrolls = best.size < 200;
    const columns = scrolls ? Math.max(1, Math.floor(width / 172)) : best.columns;
    setClass(this.root, scrolls ? "scrolls" : "");
    setStyle(this.root, "--columns", String(columns));
    setStyle(this.root, "--rows", String(Math.ceil(count / columns)));
    for (const tile of this.tiles.values()) {
      tile.said = "";
      tile.cut();
    }
  }
}
