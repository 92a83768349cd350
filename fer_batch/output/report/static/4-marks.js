"use strict";
/* What is drawn on the charts besides lines: gaps as textures, episodes as a strip with names. */
(() => {
  const app = window.FerBatch;
  const STRIP = [-0.2, -0.06]; // where the strip of episodes lies, in units of the y axis
  const DECODE_ERROR = 3;
  const colours = {};

  /** Colours of the theme, as the style sheet has them. */
  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["muted", "grid", "gap", "fault", "surface"]) {
      colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
  }

  /** Black or white, whichever is easier to read on `hex`. */
  function textOn(hex) {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
  }

  /** Slanted lines in one direction or both: a texture tells gaps apart without colour. */
  function hatch(context, left, top, width, height, colour, crossed) {
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.globalAlpha = 0.16;
    context.fillStyle = colour;
    context.fillRect(left, top, width, height);
    context.globalAlpha = 0.55;
    context.strokeStyle = colour;
    context.lineWidth = devicePixelRatio;
    const gap = (crossed ? 7 : 9) * devicePixelRatio;
    context.beginPath();
    const origin = Math.floor((left - height) / gap) * gap;
    for (let x = origin; x < left + width + height; x += gap) {
      context.moveTo(x, top + height);
      context.lineTo(x + height, top);
      if (crossed) {
        context.moveTo(x, top);
        context.lineTo(x + height, top + height);
      }
    }
    context.stroke();
    context.restore();
  }

  /** Left and right of frames `[start, stop)` in canvas pixels; null where they are out of view. */
  function extent(chart, start, stop) {
    const begin = app.data.times[start];
    const end = app.lastsTo(stop - 1);
    if (end < app.state.from || begin > app.state.to) return null;
    const { left, width } = chart.bbox;
    return [
      Math.max(left, chart.valToPos(begin, "x", true)),
      Math.min(left + width, chart.valToPos(end, "x", true)),
    ];
  }

  /** Shade what the whole video lacks: frames without a face, frames that could not be read. */
  function shade(chart) {
    const { ctx: context, bbox } = chart;
    for (const [start, stop, code] of app.data.gaps) {
      const seen = extent(chart, start, stop);
      if (!seen) continue;
      const [left, right] = seen;
      const width = Math.max(devicePixelRatio, right - left);
      const fault = code === DECODE_ERROR;
      const colour = fault ? colours.fault : colours.gap;
      hatch(context, left, bbox.top, width, bbox.height, colour, fault);
    }
  }

  /** A dashed line where the video cuts to another shot; none where they would lie too close. */
  function cuts(chart) {
    const { ctx: context, bbox } = chart;
    const places = app.data.cuts
      .map((frame) => app.data.times[frame])
      .filter((time) => time >= app.state.from && time <= app.state.to)
      .map((time) => Math.round(chart.valToPos(time, "x", true)));
    if (places.length * 4 * devicePixelRatio > bbox.width) return;
    context.save();
    context.strokeStyle = colours.muted;
    context.lineWidth = devicePixelRatio;
    context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const place of places) {
      context.beginPath();
      context.moveTo(place + 0.5, bbox.top);
      context.lineTo(place + 0.5, bbox.top + bbox.height);
      context.stroke();
    }
    context.restore();
  }

  function episodes(chart, person) {
    const { ctx: context, bbox } = chart;
    const top = chart.valToPos(STRIP[1], "y", true);
    const height = chart.valToPos(STRIP[0], "y", true) - top;
    context.save();
    context.beginPath();
    context.rect(bbox.left, top, bbox.width, height);
    context.clip();
    context.font = `600 ${10.5 * devicePixelRatio}px system-ui, sans-serif`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const [start, stop, label] of person.episodes) {
      const seen = extent(chart, start, stop);
      if (!seen) continue;
      const [left, right] = seen;
      context.fillStyle = app.data.colours[label];
      context.fillRect(left, top, Math.max(devicePixelRatio, right - left), height);
      const name = app.data.outcomes[label];
      const pad = 5 * devicePixelRatio;
      if (right - left > context.measureText(name).width + 2 * pad) {
        context.fillStyle = textOn(app.data.colours[label]);
        context.fillText(name, left + pad, top + height / 2 + devicePixelRatio / 2);
      }
      if (right - left < 4 * devicePixelRatio) continue;
      context.fillStyle = colours.surface;
      context.fillRect(right - devicePixelRatio / 2, top, devicePixelRatio, height);
    }
    context.restore();
  }

  app.marks = { STRIP, colours, readColours, shade, cuts, episodes };
})();
