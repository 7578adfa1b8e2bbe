// What stands around the grid on every page: the station, its e-stop, what it waits for, the shift.

const ESTOP_ICONS = { closed: "pass", open: "estop", latched: "lock", unknown: "nolink" };

class TopBar {
  constructor() {
    this.station = document.querySelector("#station b");
    this.fixture = document.querySelector("#station span");
    this.estop = document.getElementById("estop");
    this.estopIcon = icon("estop");
    this.estopWord = el("span");
    this.estop.append(this.estopIcon, this.estopWord);
    this.prompt = document.getElementById("prompt");
    this.promptIcon = icon("scan");
    this.promptText = el("p");
    this.typed = el("kbd");
    this.prompt.append(this.promptIcon, this.promptText, this.typed);
    this.who = document.getElementById("who");
    this.whoIcon = icon("badge");
    this.whoName = el("b");
    this.whoRole = el("span");
    this.who.append(this.whoIcon, el("span", "two", this.whoName, this.whoRole));
    this.who.tabIndex = -1;
    this.who.addEventListener("mousedown", (event) => event.preventDefault());
  }

  draw(view, session, answer, typed) {
    setText(this.station, view?.station ?? "");
    setText(this.fixture, view ? [view.product, view.simulated ? t("ui.simulated") : ""].filter(Boolean).join(" · ") : "");
    const estop = view?.estop ?? "unknown";
    setClass(this.estop, `pill estop-${estop}`);
    setIcon(this.estopIcon, ESTOP_ICONS[estop]);
    setText(this.estopWord, t(`ui.estop.${estop}`));
    this.drawPrompt(view, session, answer, typed);
    this.drawWho(view, session);
  }

  drawPrompt(view, session, answer, typed) {
    const unread = session === null;
    const waits = unread ? t("ui.scan_badge") : say(view?.pending?.words ?? view?.prompt);
    setText(this.promptText, answer ? answer.text : waits);
    setIcon(this.promptIcon, answer ? answer.icon : unread ? "badge" : "scan");
    const look = answer ? answer.look : view?.pending ? "pending" : "";
    setClass(this.prompt, look);
    setText(this.typed, typed);
  }

  drawWho(view, session) {
    const signed = session?.badge != null;
    const controls = signed && session.in_control;
    setIcon(this.whoIcon, controls || !session ? "badge" : "watch");
    setText(this.whoName, signed ? `${session.badge} ${session.name ?? ""}`.trim() : t("ui.nobody"));
    const role = signed ? t(`ui.role.${session.role}`) : "";
    const other = view?.control ? t("ui.controls", { badge: view.control.badge }) : t("ui.watches");
    setText(this.whoRole, controls ? role : signed ? `${role} · ${other}` : view?.control ? other : t("ui.scan_badge"));
    setClass(this.who, controls ? "controls" : "watches");
  }
}

/** Broad lines between header and grid: only what keeps somebody from working. */
class Strips {
  constructor(root, letGo) {
    this.root = root;
    this.letGo = letGo;
    this.drawn = "";
    this.dismissed = new Set();
  }

  draw(view) {
    const lines = view ? this.lines(view) : [];
    const wanted = JSON.stringify([language, lines]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.root.replaceChildren(...lines.map((line) => {
      const strip = el("p", `strip ${line.look}`, icon(line.icon), el("b", "", line.title), el("span", "", line.text));
      if (line.lets) strip.append(button("plain dismiss", () => this.letGo(line.lets), icon("lock"), t("ui.let_go")));
      if (line.dismiss) strip.append(button("dismiss", () => this.dismiss(line.dismiss, view), icon("fail")));
      return strip;
    }));
  }

  dismiss(which, view) {
    this.dismissed.add(which);
    this.draw(view);
  }

  lines(view) {
    const lines = [];
    if (!view.guard_answers) {
      lines.push({ look: "danger", icon: "nolink", title: t("ui.no_guard"), text: t("ui.no_guard.do") });
    }
    if (view.estop === "open" || view.estop === "latched") {
      const look = view.estop === "open" ? "danger" : "warning";
      lines.push({ look, icon: "estop", title: t(`ui.estop.${view.estop}.title`), text: t(`ui.estop.${view.estop}.do`) });
    }
    for (const alarm of view.alarms) {
      const look = { look: "warning", icon: alarm.locks ? "lock" : "station", title: t("ui.alarm"), text: say(alarm.words) };
      lines.push({ ...look, lets: alarm.locks ? alarm.slot : null });
    }
    if (view.locked && view.locked_code !== "STN-ALARM") {
      lines.push({ look: "warning", icon: "lock", title: view.locked_code ?? t("ui.locked"), text: say(view.locked) });
    }
    const notice = view.notices.at(-1);
    if (notice) {
      const which = JSON.stringify([view.notices.length, notice]);
      if (!this.dismissed.has(which)) {
        lines.push({ look: "notice", icon: "help", title: "", text: say(notice), dismiss: which });
      }
    }
    return lines;
  }
}

const DUE_ICONS = { good: "pass", due: "action", failed: "fail", "not needed": "" };

class ShiftBar {
  constructor(root) {
    this.root = root;
    this.cells = new Map();
  }

  cell(name, value, extra = "", look = "") {
    let cell = this.cells.get(name);
    if (!cell) {
      const label = el("dt");
      const figure = el("dd");
      const more = el("small");
      cell = { root: el("dl", "", label, el("div", "", figure, more)), label, figure, more };
      this.cells.set(name, cell);
      this.root.append(cell.root);
    }
    setText(cell.label, t(`ui.shift.${name}`));
    setText(cell.figure, value);
    setText(cell.more, extra);
    setClass(cell.root, `fact of-${name} ${look}`.trim());
  }

  draw(view) {
    const { shift } = view;
    this.cell("boards", fixed(shift.boards));
    const { share, low, high } = shift.first_pass;
    const percent = (value) => fixed(100 * value, 1);
    if (share === null) this.cell("yield", "–");
    else this.cell("yield", `${percent(share)}${THIN}%`, `${percent(low)}–${percent(high)}`);
    this.cell("code", shift.top_code ?? "–", shift.top_code ? `×${shift.top_code_count}` : "");
    this.check("golden", view.golden);
    this.check("self_test", view.self_test);
    this.feeds(view.feeds);
    this.calibration(shift);
    this.cell("outbox", fixed(shift.outbox_depth), "", shift.outbox_depth > 1000 ? "off" : "");
    const free = shift.disk_free_bytes;
    this.cell("disk", free === null ? "–" : withUnit(free / 1e9, 0, "GB"), "", free !== null && free < 5e9 ? "off" : "");
  }

  check(name, check) {
    const off = check.state === "due" || check.state === "failed";
    const value = check.state === "good" && check.at ? `${hourOf(check.at)} ✔` : t(`ui.due.${check.state}`);
    this.cell(name, value, "", off ? "off" : "");
    setAttribute(this.cells.get(name).root, "title", say(check.words));
  }

  feeds(feeds) {
    if (!feeds.length) return this.cell("feed", "–");
    const fullest = feeds.reduce((one, other) => (other.watts / other.most_watts > one.watts / one.most_watts ? other : one));
    const kilo = (watts) => fixed(watts / 1000, 1);
    const full = fullest.watts > 0.95 * fullest.most_watts;
    return this.cell("feed", kilo(fullest.watts), t("ui.shift.of", { most: `${kilo(fullest.most_watts)}${THIN}kW` }), full ? "off" : "");
  }

  calibration(shift) {
    const days = shift.calibration_days;
    if (days === null) return this.cell("calibration", "–");
    const value = days < 0 ? t("ui.shift.overdue") : t("ui.shift.days", { days });
    return this.cell("calibration", value, say(shift.calibration), days < 7 ? "off" : "");
  }
}
