// Play, pause, scrub, step; by mouse, touch and keyboard.

const SPEEDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 50, 100];

class Player {
  constructor(host, app) {
    this.app = app;
    this.playing = false;
    this.button = tag("button", { type: "button", class: "main", id: "play", onclick: () => this.toggle() }, "Play");
    this.slider = tag("input", { type: "range", id: "scrub", min: 0, max: 1000, step: 1, value: 0, "aria-label": "Time", oninput: () => {
      app.seek((Number(this.slider.value) / 1000) * app.run.view.duration_us);
    } });
    this.clock = tag("output", { id: "clock", for: "scrub" });
    this.speed = tag("select", { id: "speed", "aria-label": "Speed" }, ...SPEEDS.map((speed) => tag("option", { value: speed }, `${speed} x`)));
    const step = (text, name, action) => tag("button", { type: "button", "aria-label": name, title: name, onclick: action }, text);
    host.replaceChildren(
      this.button,
      step("\u25c2", "Previous task", () => app.step(-1)), step("\u25b8", "Next task", () => app.step(1)),
      step("\u25c2\u25c2", "Previous re-split", () => app.stepSplit(-1)), step("\u25b8\u25b8", "Next re-split", () => app.stepSplit(1)),
      this.slider, this.clock, tag("label", { class: "small" }, "Speed ", this.speed));
    document.addEventListener("keydown", (event) => this.key(event));
    this.reset();
  }

  // A run of any length is played in about 20 s.
  reset() {
    this.pause();
    const wanted = this.app.run.view.duration_us / 20e6;
    this.speed.value = SPEEDS.reduce((best, speed) => (Math.abs(Math.log(speed / wanted)) < Math.abs(Math.log(best / wanted)) ? speed : best));
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    const { app } = this;
    if (app.time >= app.run.view.duration_us) app.seek(0);
    this.playing = true;
    this.button.textContent = "Pause";
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      app.seek(app.time + (now - before) * 1e3 * Number(this.speed.value));
      before = now;
      if (app.time >= app.run.view.duration_us) this.pause();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  pause() {
    this.playing = false;
    this.button.textContent = "Play";
  }

  key(event) {
    const focused = event.target.closest("input, select, textarea");
    if (event.ctrlKey || event.altKey || event.metaKey || focused) return;
    if (event.key === " " && event.target.closest("button, a")) return; // it presses the button
    const { app } = this;
    const actions = {
      " ": () => this.toggle(),
      ArrowLeft: () => (event.shiftKey ? app.stepSplit(-1) : app.step(-1)),
      ArrowRight: () => (event.shiftKey ? app.stepSplit(1) : app.step(1)),
      Home: () => app.seek(0),
      End: () => app.seek(app.run.view.duration_us),
    };
    if (!(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  }

  update() {
    const { duration_us } = this.app.run.view;
    this.slider.value = duration_us ? (this.app.time / duration_us) * 1000 : 0;
    this.slider.setAttribute("aria-valuetext", seconds(this.app.time));
    this.clock.textContent = `${seconds(this.app.time)} of ${seconds(duration_us, duration_us < 1e6 ? 3 : 1)}`;
  }
}
