// The desk's keys, questions before what cannot be undone, and pages that follow what a worker does.
"use strict";
(() => {
  const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName)) && node.type !== "checkbox";
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (event.key === "Enter" && event.target.matches && event.target.matches("[data-enter]")) { event.preventDefault(); return event.target.closest("label").nextElementSibling.click(); }
    if (typing(event.target)) return;
    const node = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!node) return;
    event.preventDefault();
    if (node.tagName === "DETAILS") { node.open = !node.open; ((node.open && node.querySelector("input:not([type=hidden])")) || node.querySelector("summary")).focus(); }
    else if (/^(BUTTON|A)$/.test(node.tagName) || node.type === "checkbox") node.click();
    else node.focus();
  });
  addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-ask]");
    if (button && !confirm(button.dataset.ask)) event.preventDefault();
  });

  // After an act the next thing has the focus, so that the keyboard never starts at the top again.
  const start = document.querySelector("[data-start]");
  if (start && (location.search || document.querySelector(".messagelist")) && document.activeElement === document.body) start.focus({ preventScroll: true });

  for (const all of document.querySelectorAll("[data-tick]")) {
    const boxes = [...all.closest("form").querySelectorAll(`input[name="${all.dataset.tick}"]`)];
    const told = all.closest("form").querySelector("[data-ticked]");
    const count = () => { const ticked = boxes.filter((box) => box.checked).length; all.checked = ticked > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; if (told) told.textContent = ticked ? ` (${ticked})` : ""; };
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; count(); });
    for (const box of boxes) box.addEventListener("change", count);
    count();
  }

  for (const form of document.querySelectorAll("[data-busy]")) form.addEventListener("submit", () => {
    const note = form.querySelector("[data-busy-note]") || form.appendChild(document.createElement("span"));
    note.dataset.busyNote = ""; note.setAttribute("role", "status"); note.textContent = form.dataset.busy;
  });

  // What the stock admin's scripts leave without a name or a role, whenever they come to it.
  const name = () => {
    for (const box of document.querySelectorAll(".select2-selection[role=combobox]:not([aria-label]), .select2-selection__rendered[role=textbox]:not([aria-label]), .select2-search__field:not([aria-label])")) {
      const select = box.closest(".select2") && box.closest(".select2").previousElementSibling;
      const label = select && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
      box.setAttribute("aria-label", label ? label.textContent.replace(/:\s*$/, "").trim() : "Search");
    }
    for (const note of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) note.setAttribute("role", "img");
    for (const head of document.querySelectorAll("th.original:empty")) head.appendChild(Object.assign(document.createElement("span"), { className: "hide", textContent: "Row" }));
  };
  if (document.querySelector(".change-form")) {
    name();
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  }

  const cell = (row, text) => { row.insertCell().textContent = text === null || text === undefined ? "" : text; };
  const wait = document.querySelector("[data-polls]");
  if (wait && wait.dataset.wait !== "") {
    let left = 60;
    const look = async () => {
      const answer = await fetch(`${wait.dataset.polls}?after=${encodeURIComponent(wait.dataset.wait)}`);
      const said = answer.ok ? await answer.json() : { polls: [] };
      if (said.polls.length) {
        const rows = document.querySelector("[data-rows]");
        for (const poll of said.polls.reverse()) {
          const row = rows.insertRow(0);
          const none = rows.querySelector(".none"); if (none) none.remove();
          for (const name of ["at", "outcome", "code", "status", "bytes", "ms", "items", "new"]) cell(row, poll[name]);
        }
        const newest = said.polls[said.polls.length - 1];
        wait.textContent = `Answered: ${newest.outcome}${newest.code ? ", " + newest.code : ""}, ${newest.new} new of ${newest.items} items.`;
        document.querySelector("[data-state]").textContent = said.state;
        document.querySelector("[data-sentence]").textContent = said.sentence;
      } else if (--left > 0) setTimeout(look, 1000);
      else wait.textContent = "No answer yet. Is a worker running? See the line.";
    };
    look();
  }

  const job = document.querySelector("[data-job]");
  if (job && (job.dataset.state === "waiting" || job.dataset.state === "running" || job.dataset.left !== "0")) {
    const state = job.dataset.state;
    const look = async () => {
      const answer = await fetch(job.dataset.job);
      const said = answer.ok ? await answer.json() : null;
      if (said && said.state !== state && said.state !== "running") return location.reload();
      const bar = document.querySelector("[data-progress]");
      if (said && bar) bar.value = said.percent;
      if (said) job.querySelector("span").textContent = said.sentence + (said.waiting ? ` ${said.waiting} articles still wait.` : "");
      if (!said || said.state === "waiting" || said.state === "running" || said.waiting) setTimeout(look, 1500);
    };
    setTimeout(look, 1000);
  }
})();
