// The line to the station. Silence of three seconds is a lost link, whatever the socket believes.

const SILENCE_MS = 3000;
const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 5000;
const NO_SESSION = 4401;

class Link {
  constructor({ message, lost, back, unread }) {
    this.handlers = { message, lost, back, unread };
    this.wait = FIRST_WAIT_MS;
    this.alive = false;
    this.heard = performance.now();
    setInterval(() => this.watch(), 250);
  }

  connect() {
    clearTimeout(this.again);
    this.socket?.close();
    const socket = new WebSocket(new URL("ws", location.href.replace(/^http/, "ws")));
    this.socket = socket;
    this.opened = performance.now();
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.hear(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (event.code === NO_SESSION) {
        this.stop();
        this.handlers.unread();
      } else {
        this.lose();
        this.again = setTimeout(() => this.connect(), this.wait);
        this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
      }
    });
  }

  /** No reading without a session: this is no lost link. */
  stop() {
    clearTimeout(this.again);
    this.socket?.close();
    this.socket = null;
    this.alive = false;
    this.stopped = true;
  }

  hear(message) {
    this.heard = performance.now();
    this.wait = FIRST_WAIT_MS;
    this.stopped = false;
    if (!this.alive && message.type === "station") {
      this.alive = true;
      this.handlers.back();
    }
    this.handlers.message(message);
  }

  secondsOld() {
    return (performance.now() - this.heard) / 1000;
  }

  watch() {
    if (this.stopped || performance.now() - this.heard < SILENCE_MS) return;
    this.lose();
    // A socket that never answers is as good as none.
    if (this.socket && performance.now() - Math.max(this.heard, this.opened) > SILENCE_MS) this.connect();
  }

  lose() {
    this.alive = false;
    this.handlers.lost();
  }
}
