// What lies over the page until it is put away: help, the badge's menu, the PIN.

class Layers {
  constructor(root) {
    this.root = root;
    this.current = null;
    root.addEventListener("mousedown", (event) => event.preventDefault());
    root.addEventListener("click", (event) => {
      if (event.target === root) this.close();
    });
  }

  open(layer) {
    this.close();
    this.current = layer;
    this.draw();
    show(this.root, true);
  }

  close() {
    const closed = this.current?.closed;
    this.current = null;
    closed?.();
    show(this.root, false);
    this.root.replaceChildren();
  }

  draw() {
    if (!this.current) return;
    const close = button("plain close", () => this.close(), icon("back"), t("ui.back"));
    const panel = el("div", `panel ${this.current.name}`, el("header", "", el("h2", "", this.current.title()), close));
    panel.append(...this.current.parts());
    this.root.replaceChildren(panel);
  }
}

const HELP_STATES = ["EMPTY", "READY", "ACTION_NEEDED", "RUNNING", "HOT", "PASS", "MARGINAL", "RETEST", "FAIL", "STATION_FAULT", "STOPPED", "NO_LINK"];
const HELP_KEYS = ["Enter", "Esc", "F1", "F2", "F8", "F9", "← ↑ → ↓"];
const HELP_KEY_WORDS = ["enter", "esc", "f1", "f2", "f8", "f9", "arrows"];
const HELP_STEPS = 5;

function helpLayer(cards) {
  return {
    name: "help",
    title: () => t("ui.help"),
    parts: () => {
      const steps = Array.from({ length: HELP_STEPS }, (_, at) => el("li", "", t(`ui.help.step${at + 1}`)));
      const states = HELP_STATES.map((state) => el("li", "", el("span", `state is-${state.toLowerCase().replace("_", "-")}`,
        icon(ICONS[state]), t(`ui.state.${state}`)), el("span", "", t(`ui.help.${state}`))));
      const keys = HELP_KEYS.map((key, at) => el("li", "", el("kbd", "", key), el("span", "", t(`ui.help.key.${HELP_KEY_WORDS[at]}`))));
      const printed = cards.map((card) => el("li", "", el("kbd", "", card.code), el("span", "", say(card.words))));
      const left = el("div", "", el("h3", "", t("ui.help.work")), el("ol", "", ...steps), el("h3", "", t("ui.help.keys")), el("ul", "pairs", ...keys));
      const middle = el("div", "", el("h3", "", t("ui.help.states")), el("ul", "pairs", ...states));
      const right = el("div", "wide", el("h3", "", t("ui.help.cards")), el("ul", "pairs", ...printed));
      return [el("div", "columns", left, middle, ...(printed.length ? [right] : []))];
    },
  };
}

function menuLayer(session, view, acts) {
  return {
    name: "menu",
    title: () => (session?.badge ? `${session.badge} ${session.name ?? ""}` : t("ui.nobody")),
    parts: () => {
      const lines = [];
      if (session?.badge) lines.push(el("p", "", t("ui.menu.role", { role: t(`ui.role.${session.role}`) })));
      if (!session?.in_control && view?.control) {
        lines.push(el("p", "", t("ui.menu.other", { badge: view.control.badge, name: view.control.name })));
      }
      if (!session?.badge) lines.push(el("p", "", t("ui.menu.badge")));
      const buttons = [];
      if (session?.badge && !session.in_control) buttons.push(button("plain strong", acts.control, icon("badge"), t("ui.menu.control")));
      if (session?.needs_pin) buttons.push(button("plain", acts.pin, icon("lock"), t("ui.menu.pin", { role: t(`ui.role.${session.own_role}`) })));
      if (session?.in_control) buttons.push(button("plain", acts.selfTest, icon("retest"), t("ui.menu.self_test")));
      if (session?.in_control) buttons.push(button("plain", acts.endShift, icon("stopped"), t("ui.menu.end_shift")));
      if (session?.badge) buttons.push(button("plain", acts.signOut, icon("back"), t("ui.menu.sign_out")));
      return [...lines, el("div", "buttons", ...buttons)];
    },
  };
}

const PIN_KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0", "✔"];

function pinLayer(role, pin, typed, closed) {
  return {
    name: "pin",
    closed,
    title: () => t("ui.pin", { role: t(`ui.role.${role}`) }),
    parts: () => [
      el("p", "dots", "•".repeat(pin()?.digits.length ?? 0) || "\u00a0"),
      el("p", "problem", pin()?.problem ?? ""),
      el("div", "keypad", ...PIN_KEYS.map((key) => button("plain", () => typed(key), key))),
    ],
  };
}
