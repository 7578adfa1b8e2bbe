// Elements without markup: whatever the station sends ends up in text nodes only.

const SVG = "http://www.w3.org/2000/svg";

/** An element of class ``name`` with children; a string becomes a text node. */
function el(tag, name = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function icon(name) {
  const use = svg("use", { href: `#icon-${name}` });
  const made = svg("svg", { class: "icon", "aria-hidden": "true" }, use);
  made.use = use;
  return made;
}

function setIcon(made, name) {
  setAttribute(made.use, "href", `#icon-${name}`);
}

// A page that is drawn ten times a second touches the document only where something changed.
function setText(node, text) {
  const wanted = text ?? "";
  if (node.textContent !== wanted) node.textContent = wanted;
  show(node, wanted !== "");
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function setClass(node, name) {
  if (node.getAttribute("class") !== name) node.setAttribute("class", name);
}

function setStyle(node, name, value) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

// Drawings have no property ``hidden``, only the attribute.
function show(node, shown) {
  if (node.hasAttribute("hidden") === shown) node.toggleAttribute("hidden", !shown);
}

/** A button that never takes the focus from the scan field. ``press`` runs at a click or a touch. */
function button(name, press, ...children) {
  const made = el("button", name, ...children);
  made.type = "button";
  made.tabIndex = -1;
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", press);
  return made;
}
