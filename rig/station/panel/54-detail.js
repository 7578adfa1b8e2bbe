// One slot's page: the verdict in full, the board large, everything that was measured.

const TABS = ["measurements", "curves", "events", "history", "files"];
const FILES = ["record.json", "junit.xml", "journal.jsonl"];
const VIEWS = ["answers", "cores", "heat"];
const HOLD_SECONDS = 2;
const READ_AGAIN_MS = 2000;

class Detail {
  constructor(root, { close, stop, acknowledge, release, print }) {
    this.root = root;
    this.slot = null;
    this.tab = "measurements";
    this.view = "answers";
    this.run = null;
    this.shownRun = null;
    this.reading = 0;
    this.icon = icon("empty");
    this.title = el("h2");
    this.code = el("span", "code");
    this.serial = el("span", "serial");
    this.stop = new HoldButton(() => stop(this.slot));
    this.acknowledge = button("plain", () => acknowledge(this.slot));
    this.release = button("plain", () => release(this.slot));
    this.print = button("plain", print, icon("print"), el("span"));
    this.close = button("plain", close, icon("back"), el("span"));
    this.head = el("header", "", this.icon, el("div", "titles", el("div", "row", this.title, this.code), this.serial),
      this.stop.root, this.acknowledge, this.release, this.print, this.close);
    this.map = new BoardMap({ names: true });
    this.views = el("nav", "views");
    this.legend = el("p", "legend");
    this.facts = el("dl", "facts");
    this.says = el("div", "says");
    this.phase = el("b", "phase");
    this.bar = el("div", "bar", el("i"));
    this.left = el("div", "left", this.phase, this.bar, this.says, this.views, this.map.root, this.legend, this.facts);
    this.tabs = el("nav", "tabs");
    this.pane = el("div", "pane");
    this.right = el("div", "right", this.tabs, this.pane);
    root.append(this.head, el("div", "columns", this.left, this.right));
  }

  open(slot) {
    this.slot = slot;
    this.shownRun = undefined;
    this.older = false;
    this.pane.replaceChildren();
    show(this.root, true);
  }

  shut() {
    this.slot = null;
    this.stop.cancel();
    clearTimeout(this.timer);
    show(this.root, false);
  }

  draw(view) {
    const tile = view.tiles.find((one) => one.slot === this.slot);
    if (!tile) return;
    setClass(this.root, `is-${tile.state.toLowerCase().replace("_", "-")}`);
    setIcon(this.icon, ICONS[tile.state]);
    setText(this.title, `${tile.number} ${wordOf(tile)}`);
    setText(this.code, tile.code);
    setText(this.serial, [tile.slot, tile.serial, tile.golden ? t("ui.golden") : ""].filter(Boolean).join(" · "));
    this.stop.draw(tile.can_stop);
    show(this.acknowledge, tile.needs_ack);
    setText(this.acknowledge, tile.needs_ack ? t("ui.acknowledge") : "");
    setText(this.release, tile.needs_release ? t("ui.release") : "");
    setText(this.print.lastChild, t("ui.print"));
    show(this.print, this.printable(tile) !== null);
    setText(this.close.lastChild, t("ui.back"));
    setText(this.phase, tile.state === "RUNNING" ? sayPhase(tile.phase) : "");
    drawBar(this.bar, tile);
    this.drawSays(tile);
    this.drawBoard(tile);
    this.drawFacts(tile);
    this.drawTabs();
    if (tile.run_id !== this.shownRun && !this.older) {
      this.shownRun = tile.run_id;
      this.read();
    }
  }

  /** The run in view, when it is over. */
  printable(tile) {
    if (this.older) return this.shownRun;
    return tile.state === "RUNNING" ? null : tile.run_id;
  }

  drawSays(tile) {
    const lines = [
      ["", sayOfBoard(tile, "sentence")],
      // What was seen stands in the product's own words only.
      ["ui.detail.original", sayOfBoard(tile, "sentence") === tile.sentence?.text ? "" : tile.sentence?.text ?? ""],
      ["ui.detail.place", sayOfBoard(tile, "place")],
      ["ui.detail.do", sayOfBoard(tile, "action")], ["ui.detail.label", say(tile.label)],
      ["ui.hands_off", tile.hands_off ? `${say(tile.hands_off.words)} ${handsFigures(tile)}` : ""],
    ];
    const wanted = JSON.stringify([language, lines]);
    if (this.says.dataset.drawn === wanted) return;
    this.says.dataset.drawn = wanted;
    this.says.replaceChildren(...lines.filter(([, text]) => text)
      .map(([key, text]) => el("p", "", ...(key ? [el("b", "", t(key)), " "] : []), text)));
  }

  drawBoard(tile) {
    const mapped = tile.board !== null;
    for (const part of [this.map.root, this.views, this.legend]) show(part, mapped);
    if (!mapped) return;
    this.map.draw(tile.board, { view: this.view });
    if (this.views.dataset.drawn === language + this.view) return;
    this.views.dataset.drawn = language + this.view;
    this.views.replaceChildren(...VIEWS.map((name) => {
      const chosen = name === this.view ? "plain chosen" : "plain";
      return button(chosen, () => this.choose({ view: name }, tile), t(`ui.view.${name}`));
    }));
    this.legend.replaceChildren(...legendOf(this.view));
  }

  choose({ view = this.view, tab = this.tab }, tile) {
    this.view = view;
    if (tab !== this.tab) {
      this.tab = tab;
      this.pane.replaceChildren();
      this.read();
    }
    if (tile) this.drawBoard(tile);
    this.drawTabs();
  }

  drawFacts(tile) {
    const facts = [
      ["elapsed", tile.seconds === null ? null : clock(tile.seconds)], ["left", tile.seconds_left === null ? null : clock(tile.seconds_left)],
      ["watts", tile.watts === null ? null : withUnit(tile.watts, 0, "W")], ["volts", tile.volts === null ? null : withUnit(tile.volts, 2, "V")],
      ["celsius", tile.celsius === null ? null : withUnit(tile.celsius, 1, "°C")], ["mhz", tile.mhz === null ? null : withUnit(tile.mhz, 0, "MHz")],
      ["answers", tile.answers_per_second === null ? null : `${fixed(tile.answers_per_second)}/s`],
      ["chips", tile.board?.chips_found == null ? null : `${tile.board.chips_found}/${tile.board.domains * tile.board.chips_per_domain}`],
      ["sensors", tile.board?.sensor_celsius.length ? tile.board.sensor_celsius.map((one) => fixed(one, 1)).join(" · ") : null],
    ].filter(([, value]) => value !== null);
    const wanted = JSON.stringify([language, facts]);
    if (this.facts.dataset.drawn === wanted) return;
    this.facts.dataset.drawn = wanted;
    this.facts.replaceChildren(...facts.map(([name, value]) => el("div", "", el("dt", "", t(`ui.fact.${name}`)), el("dd", "", value))));
  }

  drawTabs() {
    if (this.tabs.dataset.drawn === language + this.tab) return;
    this.tabs.dataset.drawn = language + this.tab;
    this.tabs.replaceChildren(...TABS.map((name) => {
      const chosen = name === this.tab ? "plain chosen" : "plain";
      return button(chosen, () => this.choose({ tab: name }), t(`ui.tab.${name}`));
    }));
  }

  /** What only the run's own pages tell, read again while it lives. */
  async read() {
    clearTimeout(this.timer);
    const slot = this.slot;
    const run = this.shownRun;
    const tab = this.tab;
    const reading = ++this.reading;
    if (slot === null) return;
    try {
      const live = run && tab !== "history" ? await this.readRun(run, tab, () => reading === this.reading) : false;
      if (tab === "history") await this.readHistory(slot, () => reading === this.reading);
      if (!run && tab !== "history") this.pane.replaceChildren(el("p", "nothing", t("ui.detail.no_run")));
      if (live && reading === this.reading) this.timer = setTimeout(() => this.read(), READ_AGAIN_MS);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (reading === this.reading) this.pane.replaceChildren(el("p", "nothing", problem.message));
    }
  }

  async readRun(run, tab, wanted) {
    const path = `api/runs/${encodeURIComponent(run)}`;
    const found = await ask("GET", tab === "curves" ? `${path}/curves` : path);
    if (!wanted()) return false;
    if (tab === "measurements") drawMeasurements(this.pane, found.measurements);
    if (tab === "events") drawEvents(this.pane, found.events);
    if (tab === "curves") drawCurves(this.pane, found);
    if (tab === "files") this.drawFiles(path, found.live);
    return tab === "curves" ? !this.root.matches(".is-pass, .is-fail, .is-marginal, .is-retest") : found.live;
  }

  async readHistory(slot, wanted) {
    const found = await ask("GET", `api/runs?slot=${encodeURIComponent(slot)}&limit=50`);
    if (wanted()) drawRuns(this.pane, found.runs, (run) => {
      // An older run stays in view though the slot has another.
      this.older = true;
      this.shownRun = run;
      this.choose({ tab: "measurements" });
    });
  }

  drawFiles(path, live) {
    const links = (live ? FILES.slice(2) : FILES).map((name) => {
      const link = el("a", "plain", icon("load"), name);
      link.href = `${path}/files/${name}`;
      link.download = name;
      link.tabIndex = -1;
      return link;
    });
    if (!live) {
      const sheet = el("a", "plain", icon("print"), t("ui.print.page"));
      sheet.href = `${path}/page`;
      sheet.target = "_blank";
      sheet.tabIndex = -1;
      links.unshift(sheet);
    }
    this.pane.replaceChildren(el("div", "files", ...links));
  }
}

function legendOf(view) {
  const looks = { answers: ["good", "fair", "low", "lost"], cores: ["good", "fair", "low", "lost"], heat: ["heat0", "heat2", "heat4"] };
  const parts = looks[view].map((look) => el("span", "", svg("svg", { viewBox: "0 0 10 10", class: "map swatch" },
    svg("rect", { x: 1, y: 1, width: 8, height: 8, rx: 1.4, class: `chip ${look}` })), t(`ui.legend.${view}.${look}`)));
  const ring = svg("svg", { viewBox: "0 0 10 10", class: "map swatch" }, svg("rect", { x: 1, y: 1, width: 8, height: 8, rx: 1.4, class: "chip low failing" }));
  return [...parts, el("span", "", ring, t("ui.legend.failing"))];
}

/** Stops a run only after it was held for two seconds; letting go before does nothing. */
class HoldButton {
  constructor(done) {
    this.done = done;
    this.fillBar = el("i");
    this.text = el("span");
    this.root = button("hold", () => {}, this.fillBar, icon("stopped"), this.text);
    this.root.addEventListener("pointerdown", (event) => this.begin(event));
    for (const over of ["pointerup", "pointercancel", "pointerleave"]) this.root.addEventListener(over, () => this.cancel());
    this.root.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  draw(shown) {
    if (!shown) this.cancel();
    show(this.root, shown);
    setText(this.text, t(this.timer ? "ui.stop.holding" : "ui.stop"));
  }

  begin(event) {
    if (event.button !== 0) return;
    this.cancel();
    setClass(this.root, "hold held");
    this.timer = setTimeout(() => {
      this.cancel();
      this.done();
    }, 1000 * HOLD_SECONDS);
    setText(this.text, t("ui.stop.holding"));
  }

  cancel() {
    clearTimeout(this.timer);
    this.timer = null;
    setClass(this.root, "hold");
    setText(this.text, t("ui.stop"));
  }
}
