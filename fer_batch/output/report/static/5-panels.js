"use strict";
/* One chart for each person: probabilities over time, episodes as a strip, gaps shaded. */
(() => {
  const app = window.FerBatch;
  const { marks } = app;
  const FIRST_PANELS = 6;
  const HEIGHT = 168; // CSS pixels, as .plot in report.css
  const PAPER_WIDTH = 640; // CSS pixels: fits A4 and Letter upright, with their margins
  const STEPS = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  ];
  const panels = [];

  function seriesOptions() {
    const { labels, colours: fills, dashes } = app.data;
    const line = (label, raw) => ({
      label: labels[label],
      stroke: fills[label],
      width: raw ? 1 : 2,
      alpha: raw ? 0.45 : 1,
      dash: raw ? [] : dashes[label],
      show: !app.state.hidden.has(label) && (!raw || app.state.raw),
      points: { show: () => app.state.points, size: 4, fill: fills[label] },
    });
    return [
      {},
      ...labels.map((_, label) => line(label, true)),
      ...labels.map((_, label) => line(label, false)),
    ];
  }

  function axes() {
    const common = {
      stroke: () => marks.colours.muted,
      font: "11px system-ui, sans-serif",
      ticks: { show: false },
      grid: { stroke: () => marks.colours.grid, width: 1 },
    };
    return [
      {
        ...common,
        size: 22,
        gap: 4,
        space: 70,
        incrs: STEPS,
        values: (_, splits, __, ___, step) =>
          splits.map((at) => app.clock(at, step < 0.1 ? 2 : step < 1 ? 1 : 0)),
      },
      {
        ...common,
        size: 46,
        gap: 6,
        splits: () => [0, 0.5, 1],
        values: (_, splits) => splits.map((at) => `${at * 100} %`),
      },
    ];
  }

  function hover(chart, person, place) {
    const { left } = chart.cursor;
    if (left === undefined || left === null || left < 0) {
      place.textContent = "";
      return;
    }
    const seconds = chart.posToVal(left, "x");
    const frame = app.frameAt(seconds);
    const values = app.valuesAt(person, frame);
    const named = values
      ? values
          .map((value, label) => [value, app.data.labels[label]])
          .sort((a, b) => b[0] - a[0])
          .slice(0, 3)
          .map(([value, name]) => `${name} ${app.percent(value)}`)
          .join(" · ")
      : "not seen";
    place.textContent = `${app.clock(app.data.times[frame])}  ${named}`;
  }

  /** Clicking or dragging on a chart moves the play-head. */
  function scrub(chart) {
    const go = (event) => {
      const box = chart.over.getBoundingClientRect();
      const seconds = chart.posToVal(event.clientX - box.left, "x");
      app.player.seek(app.frameAt(Math.max(0, Math.min(app.data.end_s, seconds))));
    };
    chart.over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      chart.over.setPointerCapture(event.pointerId);
      go(event);
    });
    chart.over.addEventListener("pointermove", (event) => {
      if (chart.over.hasPointerCapture(event.pointerId)) go(event);
    });
    chart.over.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = chart.over.getBoundingClientRect();
        app.zoom(event.deltaY > 0 ? 1.25 : 0.8, chart.posToVal(event.clientX - box.left, "x"));
      },
      { passive: false },
    );
  }

  function addPanel(person) {
    const part = document.querySelector("#panel").content.cloneNode(true);
    const root = part.querySelector(".panel");
    const place = root.querySelector(".plot");
    root.dataset.person = person.id;
    root.querySelector(".panel-name").textContent = person.id < 0 ? "No person" : person.name;
    const face = root.querySelector("img");
    if (person.face) face.src = person.face;
    else face.remove();
    document.querySelector("#panels").append(part);
    const chart = new uPlot(
      {
        width: Math.max(200, place.clientWidth),
        height: HEIGHT,
        padding: [6, 24, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: false, y: false, setScale: false },
          bind: { dblclick: () => null },
          sync: { key: "time", setSeries: false },
        },
        scales: {
          x: { time: false, range: () => [app.state.from, app.state.to] },
          y: { range: [marks.STRIP[0] - 0.03, 1.04] },
        },
        axes: axes(),
        series: seriesOptions(),
        hooks: {
          drawClear: [marks.shade, marks.cuts],
          draw: [(self) => marks.episodes(self, person)],
          setCursor: [(self) => hover(self, person, root.querySelector(".panel-hover"))],
        },
      },
      [[0], ...seriesOptions().slice(1).map(() => [null])],
      place,
    );
    const head = document.createElement("div");
    head.className = "playhead";
    chart.over.append(head);
    scrub(chart);
    panels.push({ chart, person, head, place });
  }

  const frameRange = () => {
    const { state, data } = app;
    const first = Math.max(0, app.frameAt(state.from) - 1);
    return [first, Math.min(data.frames, app.frameAt(state.to) + 2)];
  };

  /** Read the visible range anew for every panel. */
  const refill = app.coalesce(() => {
    if (!panels.length) return;
    const [first, stop] = frameRange();
    // Every frame as long as each has a pixel; beyond that, fewer points are easier to read.
    const width = panels[0].place.clientWidth;
    const most = stop - first <= width * 1.5 ? stop - first : Math.max(200, width / 2);
    const grid = app.grid(first, stop, most);
    app.state.points = grid.x.length <= 40;
    const none = app.data.labels.map(() => grid.x.map(() => null));
    for (const { chart, person } of panels) {
      const raw = app.state.raw ? app.series(person, "raw", grid) : none;
      chart.setData([grid.x, ...raw, ...app.series(person, "smoothed", grid)]);
    }
    const averaged = document.querySelector("#averaged");
    averaged.hidden = grid.size === 1;
    averaged.textContent = `Each point averages ${grid.size} frames here; zoom in for every frame.`;
    moveHeads();
  });

  function moveHeads() {
    const seconds = app.player.now();
    const inside = seconds >= app.state.from - 1e-6 && seconds <= app.state.to + 1e-6;
    for (const { chart, head } of panels) {
      head.hidden = !inside;
      if (inside) head.style.transform = `translateX(${chart.valToPos(seconds, "x")}px)`;
    }
  }

  function showLabels() {
    const count = app.data.labels.length;
    for (const { chart } of panels) {
      chart.batch(() => {
        for (let label = 0; label < count; label += 1) {
          const shown = !app.state.hidden.has(label);
          chart.setSeries(1 + label, { show: shown && app.state.raw });
          chart.setSeries(1 + count + label, { show: shown });
        }
      });
    }
    refill();
  }

  function showMore(button) {
    const { people } = app.data;
    for (const person of people.slice(panels.length, panels.length + FIRST_PANELS)) addPanel(person);
    const left = people.length - panels.length;
    button.hidden = left <= 0;
    button.textContent = `Show ${Math.min(left, FIRST_PANELS)} more of ${people.length} people`;
    refill();
  }

  function setWidths(widthOf) {
    for (const { chart, place } of panels) {
      const width = widthOf(place);
      if (width) chart.setSize({ width, height: HEIGHT });
    }
  }

  function fit() {
    setWidths((place) => place.clientWidth);
    refill();
  }

  app.startPanels = () => {
    marks.readColours();
    if (!app.data.people.length) {
      const nothing = { id: -1, episodes: [], overview: { first_point: 0, smoothed: [], raw: [] } };
      addPanel(nothing);
    }
    const button = document.querySelector("#more-people");
    button.addEventListener("click", () => showMore(button));
    showMore(button);
    new ResizeObserver(app.coalesce(fit)).observe(document.querySelector("#panels"));
    addEventListener("beforeprint", () => setWidths(() => PAPER_WIDTH));
    addEventListener("afterprint", fit);
    app.on("range", refill);
    app.on("detail", refill);
    app.on("labels", showLabels);
    app.on("frame", moveHeads);
    app.on("time", moveHeads);
    app.on("theme", () => {
      marks.readColours();
      for (const { chart } of panels) chart.redraw(false, true);
    });
  };
})();
