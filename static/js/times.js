// Show report times in the reader's own zone; UTC stays in the title. Dates of events are not touched.
"use strict";
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const language = document.documentElement.lang || "en";
  const short = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "numeric", month: "short" });
  const full = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "numeric", month: "short", year: "numeric" });
  const sep = (words) => (language === "en" ? words.replace("Sept ", "Sep ") : words); // as the server writes it
  const offset = new Date().getTimezoneOffset();
  const note = document.querySelector("[data-zone]");
  const field = document.querySelector("[data-zone-field]");
  if (field && zone !== "UTC") field.value = zone;
  if (zone === "UTC" || zone === "Etc/UTC" || (!offset && zone.startsWith("Etc"))) return;
  for (const element of document.querySelectorAll("time[data-t]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (element.dataset.t === "moment") element.textContent = `${sep(full.format(at))}, ${short.format(at)}`;
    else if (element.dataset.t === "short") element.textContent = `${sep(`${day.format(at)} `)}${short.format(at)}`;
    else element.textContent = at.getUTCDate() === at.getDate() ? short.format(at) : `${short.format(at)} ${sep(`${day.format(at)} `).trimEnd()}`;
  }
  if (note) note.textContent = `${zone.replace("_", " ")} · UTC${offset <= 0 ? "+" : "−"}${Math.abs(offset) / 60}`;
})();
