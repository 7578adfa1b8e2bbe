// Over everything when the link is lost: what is drawn below is old, and boards may be live.

class NoLink {
  constructor(root) {
    this.root = root;
    this.title = el("h1");
    this.what = el("p");
    this.age = el("p", "age");
    this.refused = el("p", "refused");
    root.append(el("div", "sign", icon("nolink"), this.title), this.what, this.age, this.refused);
  }

  draw(lost, seconds, known) {
    show(this.root, lost);
    document.body.classList.toggle("old", lost);
    if (!lost) {
      setText(this.refused, "");
      return;
    }
    setText(this.title, t("ui.nolink"));
    setText(this.what, t("ui.nolink.do"));
    setText(this.age, known ? t("ui.nolink.age", { seconds: fixed(seconds) }) : t("ui.nolink.never"));
  }

  refuse(text) {
    setText(this.refused, t("ui.nolink.refused", { text }));
  }
}
