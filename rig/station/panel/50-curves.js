// A run's curves: one small chart a quantity, all on one axis of seconds.

const CURVES = [
  { name: "watts", unit: "W", digits: 0 },
  { name: "celsius", unit: "°C", digits: 1 },
  { name: "volts", unit: "V", digits: 2 },
  { name: "amps", unit: "A", digits: 1 },
  { name: "mhz", unit: "MHz", digits: 0 },
  { name: "answers", unit: "/s", digits: 0 },
];
const CHART_WIDTH = 560, CHART_HEIGHT = 92;

function drawCurves(root, curves) {
  const end = curves.at_seconds.at(-1) ?? 0;
  const charts = CURVES.filter(({ name }) => (curves[name] ?? []).some((value) => value !== null))
    .map((curve) => chart(curve, curves.at_seconds, curves[curve.name], end));
  if (!charts.length) charts.push(el("p", "nothing", t("ui.detail.no_curves")));
  root.replaceChildren(...charts);
}

function chart({ name, unit, digits }, seconds, values, end) {
  const known = values.filter((value) => value !== null);
  const [low, high] = spread(Math.min(...known), Math.max(...known));
  const x = (at) => (CHART_WIDTH * at) / (end || 1);
  const y = (value) => CHART_HEIGHT - ((value - low) / (high - low)) * CHART_HEIGHT;
  const box = { class: "curve", viewBox: `0 -4 ${CHART_WIDTH} ${CHART_HEIGHT + 8}`, preserveAspectRatio: "none" };
  const grid = [0, 0.5, 1].map((share) => svg("line", {
    x1: 0, x2: CHART_WIDTH, y1: share * CHART_HEIGHT, y2: share * CHART_HEIGHT, class: "grid",
  }));
  const path = svg("path", { d: pathOf(seconds.map(x), values.map((value) => (value === null ? null : y(value)))) });
  const head = el("header", "", el("b", "", t(`ui.curve.${name}`)), el("span", "", withUnit(known.at(-1), digits, unit)));
  const scale = el("div", "scale", el("span", "", fixed(high, digits)), el("span", "", fixed(low, digits)));
  const foot = el("footer", "", el("span", "", `0${THIN}s`), el("span", "", `${fixed(end)}${THIN}s`));
  return el("figure", "chart", head, scale, svg("svg", box, ...grid, path), foot);
}

// A quantity that stands still is drawn as a line in the middle, not as its own noise.
function spread(low, high) {
  const least = Math.max(1e-9, Math.abs(high) * 0.02);
  if (high - low >= least) return [low, high];
  const middle = (low + high) / 2;
  return [middle - least / 2, middle + least / 2];
}

function pathOf(xs, ys) {
  let path = "";
  let pen = "M";
  ys.forEach((y, at) => {
    if (y === null) {
      pen = "M";
      return;
    }
    path += `${pen}${xs[at].toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return path;
}
