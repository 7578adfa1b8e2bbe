// Every text of the page by its key, in the language of this browser; codes, serials, units as they are.

const WORDS = JSON.parse(document.getElementById("words").textContent);
const LANGUAGES = Object.keys(WORDS);
let language = firstLanguage();
document.documentElement.lang = language;

function firstLanguage() {
  const wanted = [localStorage.getItem("rig.language"), ...navigator.languages.map((one) => one.slice(0, 2))];
  return wanted.find((one) => LANGUAGES.includes(one)) ?? "en";
}

function setLanguage(wanted) {
  language = wanted;
  localStorage.setItem("rig.language", wanted);
  document.documentElement.lang = wanted;
}

function fill(template, params) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** The page's own words. A key that is missing shows itself: it is a fault of ours. */
function t(key, params = {}) {
  const template = WORDS[language][key];
  return template === undefined ? key : fill(template, params);
}

function knows(key) {
  return WORDS[language][key] !== undefined;
}

/** A sentence of the station: by its key where this language has it whole, else its English text. */
function say(words) {
  if (!words) return "";
  const template = WORDS[language][words.key];
  if (template === undefined) return words.text;
  const filled = fill(template, words.params);
  return /\{\w+\}/.test(filled) ? words.text : filled;
}

/** What the product's failures file says of a tile, or what this language holds for its code. */
function sayOfBoard(tile, part) {
  const words = tile[part];
  const own = WORDS[language][`code.${tile.code}.${PARTS[part]}`];
  if (words?.key !== `run.${PARTS[part]}` || own === undefined) return say(words);
  const filled = fill(own, placeOf(tile));
  return /\{\w+\}/.test(filled) ? say(words) : filled;
}

const PARTS = { sentence: "says", place: "place", action: "action" };

function placeOf(tile) {
  const board = tile.board;
  const params = { slot: tile.slot, number: tile.number, serial: tile.serial };
  if (!board) return params;
  // The first of each is the finding's own.
  const [chip] = board.failing_chips;
  if (chip !== undefined) Object.assign(params, { chip, before: chip - 1 });
  if (board.failing_domains.length) params.domain = board.failing_domains[0];
  if (board.failing_sensors.length) params.sensor = board.failing_sensors[0];
  if (board.chips_found !== null) params.count = board.chips_found;
  params.expected = board.domains * board.chips_per_domain;
  return params;
}

/** The run's own words for its phase; numbers in them stand for {n}. */
function sayPhase(phase) {
  if (!phase) return "";
  const numbers = phase.match(/\d+(\.\d+)?/g) ?? [];
  const key = `ui.phase.${phase.replace(/\d+(\.\d+)?/g, "{n}")}`;
  if (!knows(key)) return phase.charAt(0).toUpperCase() + phase.slice(1);
  return WORDS[language][key].replace(/\{n\}/g, () => numbers.shift());
}

// Numbers: fixed digits, thin spaces (that never break) between thousands, the same in every language.
const THIN = "\u202f";

function fixed(value, digits = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const [whole, part] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  const minus = Number(value.toFixed(digits)) < 0 ? "−" : "";
  return minus + grouped + (part ? `.${part}` : "");
}

function withUnit(value, digits, unit) {
  return `${fixed(value, digits)}${THIN}${unit}`;
}

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function hourOf(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
