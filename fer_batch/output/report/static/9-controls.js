"use strict";
/* Everything a hand can reach: legend, zoom, transport, keyboard, links to moments. */
(() => {
  const app = window.FerBatch;
  const find = (selector) => document.querySelector(selector);
  const SHORTEST_S = 0.2;

  function setRange(from, to) {
    const { state, data } = app;
    const length = Math.min(data.end_s, Math.max(Math.min(SHORTEST_S, data.end_s), to - from));
    state.from = Math.max(0, Math.min(data.end_s - length, from));
    state.to = state.from + length;
    const whole = length >= data.end_s - 1e-9;
    const pan = find("#pan");
    pan.closest(".pan").hidden = whole;
    pan.max = data.end_s - length;
    pan.step = length / 50;
    pan.value = state.from;
    find("#zoom-fit").disabled = whole;
    find("#zoom-out").disabled = whole;
    find("#zoom-in").disabled = length <= SHORTEST_S;
    const ends = [app.clock(state.from, 1), app.clock(state.to, 1)];
    find("#range").textContent = whole ? "" : ends.join(" – ");
    pan.setAttribute("aria-valuetext", ends.join(" to "));
    app.tell("range");
  }

  /** Make the visible range `factor` times as long, keeping `around` (seconds) where it is. */
  app.zoom = (factor, around = app.player.now()) => {
    const { from, to } = app.state;
    const fixed = around < from || around > to ? (from + to) / 2 : around;
    setRange(fixed - (fixed - from) * factor, fixed + (to - fixed) * factor);
  };

  /** Turn the page when the play-head leaves the visible range. */
  function follow() {
    const { from, to } = app.state;
    const now = app.player.now();
    if (now > to || now < from) setRange(now - (to - from) * 0.1, now + (to - from) * 0.9);
  }

  function legend() {
    for (const button of document.querySelectorAll("#legend [data-label]")) {
      button.addEventListener("click", () => {
        const label = Number(button.dataset.label);
        const { hidden } = app.state;
        if (!hidden.delete(label)) hidden.add(label);
        button.setAttribute("aria-pressed", String(!hidden.has(label)));
        app.tell("labels");
      });
    }
    find("#raw").addEventListener("change", (event) => {
      app.state.raw = event.target.checked;
      app.tell("labels");
    });
  }

  function transport() {
    const { player } = app;
    const acts = {
      "#play": () => player.toggle(),
      "#frame-back": () => player.step(-1),
      "#frame-on": () => player.step(1),
      "#change-back": () => player.change(-1),
      "#change-on": () => player.change(1),
      "#zoom-in": () => app.zoom(0.5),
      "#zoom-out": () => app.zoom(2),
      "#zoom-fit": () => setRange(0, app.data.end_s),
    };
    for (const [selector, act] of Object.entries(acts)) {
      find(selector)?.addEventListener("click", act);
    }
    find("#speed")?.addEventListener("change", (event) => {
      player.video.playbackRate = Number(event.target.value);
    });
    find("#seekbar").addEventListener("input", (event) => {
      player.video?.pause();
      player.seek(Number(event.target.value));
    });
    find("#pan").addEventListener("input", (event) => {
      const length = app.state.to - app.state.from;
      setRange(Number(event.target.value), Number(event.target.value) + length);
    });
    app.on("playing", () => {
      const playing = !player.video.paused && !player.video.ended;
      find("#play").classList.toggle("playing", playing);
      find("#play").setAttribute("aria-label", playing ? "Pause" : "Play");
    });
    const markEnds = () => {
      const { changes } = app.data;
      const { frame } = app.state;
      find("#change-back").disabled = !(changes[0] < frame);
      find("#change-on").disabled = !(changes.at(-1) > frame);
    };
    app.on("frame", markEnds);
    markEnds();
  }

  /* Captured before the video's own keys, which would jump by seconds. */
  function keyboard() {
    const { player } = app;
    const keys = {
      " ": () => player.toggle(),
      ArrowLeft: () => player.step(-1),
      ArrowRight: () => player.step(1),
      "[": () => player.change(-1),
      "]": () => player.change(1),
      "+": () => app.zoom(0.5),
      "-": () => app.zoom(2),
      0: () => setRange(0, app.data.end_s),
    };
    addEventListener(
      "keydown",
      (event) => {
        const act = keys[event.key];
        if (!act || event.ctrlKey !== event.altKey || event.metaKey) return;
        const inside = event.target;
        if (inside.matches?.("select, textarea, input:not([type=range], [type=checkbox])")) return;
        if (event.key === " " && inside.matches?.("button, a, summary, input")) return;
        if (event.key.startsWith("Arrow") && inside.matches?.("#pan")) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      },
      { capture: true },
    );
  }

  /** `#frame=312` in the address: links to moments and episodes, and links people send. */
  function address() {
    const match = /^#frame=(\d+)$/.exec(location.hash);
    if (!match) return;
    app.player.video?.pause();
    app.player.seek(Number(match[1]));
    follow();
  }

  function links() {
    addEventListener("hashchange", address);
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href^='#frame=']");
      if (!link) return;
      // The same link may be followed twice, which changes no address.
      if (link.getAttribute("href") === location.hash) address();
      const behavior = app.calm.matches ? "auto" : "smooth";
      (find(".stage") || find("#timeline")).scrollIntoView({ block: "nearest", behavior });
    });
  }

  app.startControls = () => {
    legend();
    transport();
    keyboard();
    links();
    app.on("frame", follow);
    app.on("time", follow);
    setRange(0, app.data.end_s);
    address();
  };

  app.load = (given) => {
    app.data = app.decode(given);
    app.startPlayer();
    app.startPanels();
    app.startNow();
    app.startControls();
    app.startCorrections();
    document.documentElement.dataset.ready = "true";
    performance.mark("ready");
  };
})();
