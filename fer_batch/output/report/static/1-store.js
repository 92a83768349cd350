"use strict";
/* What the parts of the page share: the state, and who wants to hear when it changes. */
window.FerBatch = (() => {
  const listeners = {};
  return {
    data: null, // what data.js hands over, decoded
    state: {
      frame: 0, // the frame shown
      from: 0, // visible range, seconds from the first frame
      to: 1,
      hidden: new Set(), // labels switched off in the legend
      raw: false, // unsmoothed values drawn as well
    },

    /** Call `heard` whenever `topic` is told: frame, range, labels, detail, theme. */
    on(topic, heard) {
      (listeners[topic] ||= []).push(heard);
    },

    tell(topic) {
      for (const heard of listeners[topic] || []) heard();
    },

    /** `12.48` → `0:12.48`; hours only where there are some. */
    clock(seconds, digits = 2) {
      const whole = Math.max(0, Math.round(seconds * 10 ** digits) / 10 ** digits);
      const hours = Math.floor(whole / 3600);
      const minutes = Math.floor(whole / 60) % 60;
      const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
      return hours
        ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}`
        : `${minutes}:${rest}`;
    },

    percent(share) {
      return `${Math.round(share * 100)}\u00a0%`;
    },

    /** Run `work` once in the next animation frame, however often it is asked for. */
    coalesce(work) {
      let asked = false;
      return () => {
        if (asked) return;
        asked = true;
        requestAnimationFrame(() => {
          asked = false;
          work();
        });
      };
    },

    calm: matchMedia("(prefers-reduced-motion: reduce)"),
  };
})();
