// The page as a whole: one state from the station, one drawing of it, and what people do.

const ANSWER_SECONDS = 8;
const PRINT_MS = 90_000;
const LOOKS = { accepted: "accepted", refused: "refused", ignored: "accepted" };

class Page {
  constructor() {
    this.view = null;
    this.session = null;
    this.lost = false;
    this.selected = null;
    this.answer = null;
    this.typed = "";
    this.pin = null;
    this.sounds = new Sounds();
    this.top = new TopBar();
    this.strips = new Strips(document.getElementById("strips"), (slot) => this.do(`api/slots/${encodeURIComponent(slot)}/alarm`));
    this.grid = new Grid(document.getElementById("grid"), (slot) => this.openDetail(slot));
    this.shift = new ShiftBar(document.getElementById("facts"));
    this.detail = new Detail(document.getElementById("detail"), {
      close: () => this.back(),
      stop: (slot) => this.do(`api/slots/${encodeURIComponent(slot)}/stop`),
      acknowledge: (slot) => this.do(`api/slots/${encodeURIComponent(slot)}/acknowledge`),
      release: (slot) => this.do(`api/slots/${encodeURIComponent(slot)}/release`, { volts: null }),
      print: () => this.print(),
    });
    this.layers = new Layers(document.getElementById("layer"));
    this.nolink = new NoLink(document.getElementById("nolink"));
    this.scanner = new Scanner(document.getElementById("scan"), {
      scanned: (text) => this.scanned(text),
      typing: (text) => this.typing(text),
      confirm: () => this.confirm(),
      touched: () => this.sounds.wake(),
    });
    this.top.who.addEventListener("click", () => this.openMenu());
    document.addEventListener("pointerdown", () => this.sounds.wake());
    document.addEventListener("keydown", (event) => this.key(event), true);
    this.buildKeys();
    this.link = new Link({
      message: (message) => this.hear(message),
      lost: () => this.lose(),
      back: () => this.comeBack(),
      unread: () => this.unread(),
    });
    setInterval(() => this.drawAround(), 1000);
  }

  async start() {
    this.drawAround();
    try {
      await this.takeSession(await ask("GET", "api/session"));
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (problem.status === 401) this.unread();
      else this.link.connect();
    }
  }

  // --- what the station tells

  hear(message) {
    if (message.type === "station") this.takeView(message.view);
    else if (message.type === "tile") this.takeTile(message.tile);
    else if (message.type === "session") this.takeSession(message.session);
  }

  takeView(view) {
    const before = this.view;
    this.view = view;
    this.sounds.muted = view.muted;
    if (before) for (const tile of view.tiles) this.sounds.heard(before.tiles.find((one) => one.slot === tile.slot), tile);
    this.draw();
  }

  takeTile(tile) {
    if (!this.view) return;
    const at = this.view.tiles.findIndex((one) => one.slot === tile.slot);
    if (at < 0) return;
    this.sounds.heard(this.view.tiles[at], tile);
    this.view.tiles[at] = tile;
    this.grid.drawTile(tile, this.selected);
    if (this.detail.slot === tile.slot) this.detail.draw(this.view);
  }

  async takeSession(session) {
    const unread = this.session === null;
    this.session = session;
    csrf = session.csrf;
    if (unread) this.link.connect();
    this.drawAround();
  }

  unread() {
    this.session = null;
    csrf = null;
    this.lost = false;
    this.link.stop();
    this.drawAround();
  }

  lose() {
    if (!this.lost) this.sounds.play("NO_LINK");
    this.lost = true;
    this.detail.stop.cancel();
    this.drawAround();
  }

  async comeBack() {
    if (!this.lost) return;
    this.lost = false;
    this.answer = null;
    try {
      await this.takeSession(await ask("GET", "api/session"));
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (problem.status === 401) this.unread();
    }
  }

  // --- drawing

  draw() {
    this.grid.draw(this.view, this.selected);
    this.shift.draw(this.view);
    if (this.detail.slot) this.detail.draw(this.view);
    this.drawAround();
  }

  drawAround() {
    if (this.answer && !this.answer.stays && performance.now() > this.answer.until) this.answer = null;
    this.top.draw(this.view, this.session, this.answer, this.pin ? "" : this.typed);
    this.strips.draw(this.view);
    this.drawKeys();
    this.nolink.draw(this.lost, this.link?.secondsOld() ?? 0, this.view !== null);
    document.body.classList.toggle("unread", this.session === null);
    if (this.view) document.title = `${this.view.station} · rig`;
  }

  buildKeys() {
    this.keys = {
      help: button("key", () => this.toggleHelp(), icon("help"), el("span")),
      details: button("key", () => this.toggleDetail(), icon("details"), el("span")),
      sound: button("key", () => this.mute(), icon("sound"), el("span")),
      language: button("key", () => this.nextLanguage(), icon("language"), el("span")),
    };
    document.getElementById("keys").append(...Object.values(this.keys));
  }

  drawKeys() {
    for (const [name, made] of Object.entries(this.keys)) {
      const label = name === "language" ? nextOf(language).toUpperCase() : t(`ui.key.${name}`);
      setText(made.lastChild, label);
      setAttribute(made, "title", t(`ui.title.${name}`));
    }
    setIcon(this.keys.sound.firstChild, this.view?.muted ? "mute" : "sound");
  }

  tell(words, outcome) {
    const look = LOOKS[outcome];
    const icons = { accepted: "pass", refused: "fail" };
    const stays = look === "refused";
    this.answer = { text: words, look, icon: icons[look], stays, until: performance.now() + 1000 * ANSWER_SECONDS };
    this.sounds.play(look);
    this.drawAround();
  }

  // --- what people do

  async attempt(work) {
    try {
      return await work();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      this.tell(problem.message, "refused");
      if (problem.status === 0) this.lose();
      if (problem.status === 403 && this.session?.needs_pin) this.openPin();
      if (problem.status === 409 && this.session?.badge && !this.session.in_control) this.openMenu();
      return null;
    }
  }

  async do(path, fields = {}) {
    const answer = await this.attempt(() => press(path, fields));
    if (answer?.words) this.tell(say(answer.words), answer.outcome);
    return answer;
  }

  async scanned(text) {
    if (this.lost) {
      this.nolink.refuse(BADGE.test(text) ? t("ui.nolink.badge") : text);
      return;
    }
    if (this.pin && /^\d+$/.test(text)) {
      this.pin.digits = text;
      await this.sendPin();
      return;
    }
    this.answer = null;
    if (BADGE.test(text)) {
      await this.scanBadge(text);
      return;
    }
    const answer = await this.attempt(() => press("api/scan", { text }));
    if (!answer) return;
    this.tell(say(answer.words), answer.outcome);
    if (answer.slot) this.select(answer.slot);
  }

  async scanBadge(badge) {
    this.layers.close();
    const session = await this.attempt(() => press("api/session/badge", { badge }));
    if (!session) return;
    await this.takeSession(session);
    this.tell(t("ui.hello", { name: session.name ?? session.badge }), "accepted");
    if (!session.in_control) this.openMenu();
  }

  typing(text) {
    if (this.pin) {
      this.pin.digits = this.scanner.field.value.replace(/\D/g, "");
      this.layers.draw();
    }
    this.typed = text;
    this.drawAround();
  }

  // Enter alone: the open layer, the refusal that stands, or the slot that waits for it.
  confirm() {
    if (this.pin) return void this.sendPin();
    if (this.layers.current) return this.layers.close();
    if (this.answer?.stays) {
      this.answer = null;
      return this.drawAround();
    }
    const waiting = (this.view?.tiles ?? []).filter((tile) => tile.needs_ack);
    const chosen = this.detail.slot ?? this.selected;
    const tile = waiting.find((one) => one.slot === chosen) ?? (waiting.length === 1 ? waiting[0] : null);
    if (tile) return void this.do(`api/slots/${encodeURIComponent(tile.slot)}/acknowledge`);
    if (waiting.length) this.select(waiting[0].slot);
    return undefined;
  }

  key(event) {
    const acts = {
      F1: () => this.toggleHelp(),
      F2: () => this.toggleDetail(),
      F8: () => this.mute(),
      F9: () => this.print(),
      Escape: () => this.back(),
      ArrowLeft: () => this.move(-1),
      ArrowRight: () => this.move(1),
      ArrowUp: () => this.move(-this.columns()),
      ArrowDown: () => this.move(this.columns()),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat && !this.scanner.bursting()) act();
  }

  columns() {
    return Number(this.grid.root.style.getPropertyValue("--columns")) || 1;
  }

  move(by) {
    const slots = this.view?.tiles.map((tile) => tile.slot) ?? [];
    const at = slots.indexOf(this.selected);
    const next = at < 0 ? 0 : at + by;
    if (next >= 0 && next < slots.length) this.select(slots[next]);
  }

  select(slot) {
    this.selected = slot;
    if (this.detail.slot) this.openDetail(slot);
    if (this.view) this.grid.draw(this.view, this.selected);
  }

  // Back is one step back, and never stops anything.
  back() {
    this.scanner.clear();
    if (this.layers.current) {
      this.layers.close();
    } else if (this.detail.slot) {
      this.detail.shut();
      show(this.grid.root, true);
    } else if (this.answer) {
      this.answer = null;
    } else {
      this.selected = null;
      if (this.view) this.grid.draw(this.view, null);
    }
    this.drawAround();
  }

  openDetail(slot) {
    if (!this.view) return;
    this.selected = slot;
    this.detail.open(slot);
    show(this.grid.root, false);
    this.detail.draw(this.view);
  }

  // Without a choice, the slot that needs somebody most.
  toggleDetail() {
    if (this.detail.slot) {
      this.back();
      return;
    }
    const tiles = this.view?.tiles ?? [];
    const worst = [...tiles].sort((one, other) => URGENCY.indexOf(one.state) - URGENCY.indexOf(other.state))[0];
    const slot = this.selected ?? worst?.slot;
    if (slot) this.openDetail(slot);
  }

  // A window opens at the press or not at all, so it is opened before the sheet is there.
  async print() {
    const tile = this.view?.tiles.find((one) => one.slot === this.detail.slot);
    const run = tile && this.detail.printable(tile);
    if (!run || this.lost) return;
    const sheet = window.open("", "_blank");
    if (!sheet) {
      this.tell(t("ui.print.blocked"), "refused");
      return;
    }
    sheet.document.body.textContent = t("ui.print.making");
    const path = `api/runs/${encodeURIComponent(run)}/page`;
    if (await this.attempt(() => reach("GET", path, null, PRINT_MS))) sheet.location = new URL(`${path}?print=true`, location.href);
    else sheet.close();
  }

  async toggleHelp() {
    if (this.layers.current?.name === "help") {
      this.layers.close();
      return;
    }
    this.layers.open(helpLayer([]));
    if (this.session === null || this.lost) return;
    try {
      const { cards } = await ask("GET", "api/cards");
      if (this.layers.current?.name === "help") this.layers.open(helpLayer(cards));
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
    }
  }

  async mute() {
    if (this.view) await this.do("api/mute", { muted: !this.view.muted });
  }

  nextLanguage() {
    setLanguage(nextOf(language));
    if (this.view) this.draw();
    else this.drawAround();
    if (this.detail.slot) this.detail.read();
    this.layers.draw();
  }

  openMenu() {
    const close = (work) => async () => {
      this.layers.close();
      await work();
    };
    this.layers.open(menuLayer(this.session, this.view, {
      control: close(async () => {
        const session = await this.attempt(() => press("api/control"));
        if (session) await this.takeSession(session);
      }),
      pin: () => this.openPin(),
      selfTest: close(() => this.do("api/shift/self-test")),
      endShift: close(() => this.do("api/shift/end")),
      signOut: close(() => this.signOut()),
    }));
  }

  async signOut() {
    await this.attempt(() => ask("DELETE", "api/session"));
    this.session = null;
    csrf = null;
    this.link.stop();
    await this.start();
  }

  openPin() {
    const typed = (key) => {
      if (key === "✔") return void this.sendPin();
      this.pin.digits = key === "⌫" ? this.pin.digits.slice(0, -1) : this.pin.digits + key;
      this.scanner.field.value = this.pin.digits;
      return this.layers.draw();
    };
    this.scanner.clear();
    this.layers.open(pinLayer(this.session.own_role, () => this.pin, typed, () => {
      this.pin = null;
    }));
    this.pin = { digits: "", problem: "" };
    this.layers.draw();
  }

  async sendPin() {
    const { digits } = this.pin;
    this.scanner.clear();
    try {
      await this.takeSession(await press("api/session/pin", { pin: digits }));
      this.layers.close();
      this.tell(t("ui.raised", { role: t(`ui.role.${this.session.role}`) }), "accepted");
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      this.pin = { digits: "", problem: problem.message };
      this.layers.draw();
    }
  }
}

const URGENCY = ["NO_LINK", "STATION_FAULT", "HOT", "FAIL", "RETEST", "ACTION_NEEDED", "STOPPED", "MARGINAL", "PASS", "RUNNING", "READY", "EMPTY"];

function nextOf(one) {
  return LANGUAGES[(LANGUAGES.indexOf(one) + 1) % LANGUAGES.length];
}

new Page().start();
