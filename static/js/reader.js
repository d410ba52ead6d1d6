// What a reader gets with scripts on: what is new since the last visit, following on this device, keys.
// Nothing is sent anywhere; nothing on the page moves by itself.
"use strict";
(() => {
  const words = (document.documentElement.lang || "en").startsWith("fr")
    ? { one: "1 nouvelle histoire depuis votre dernière visite, {t}", many: "{n} nouvelles histoires depuis votre dernière visite, {t}", keys: "Touches", next: "histoire suivante", previous: "histoire précédente", open: "ouvrir", mark: "tout marquer comme lu", search: "chercher", help: "cette aide", close: "Fermer" }
    : { one: "1 new story since your last visit, {t}", many: "{n} new stories since your last visit, {t}", keys: "Keys", next: "next story", previous: "previous story", open: "open it", mark: "mark all as read", search: "search", help: "this help", close: "Close" };
  const store = {
    get(key, otherwise) { try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: do without */ } },
  };
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const stories = [...document.querySelectorAll("article.story[data-at]")];
  const now = Math.floor(Date.now() / 1000);
  const here = location.pathname;
  const visits = store.get("visits", {});

  function showNew() {
    const last = visits[here];
    const row = document.querySelector("[data-new]");
    const newest = Math.max(0, ...stories.map((story) => Number(story.dataset.at)));
    if (row && last && last.newest) {
      const fresh = stories.filter((story) => Number(story.dataset.at) > last.newest);
      for (const story of fresh) story.classList.add("unread");
      if (fresh.length) {
        const at = new Date(last.at * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
        row.append(make("a", (fresh.length === 1 ? words.one : words.many).replace("{n}", fresh.length).replace("{t}", at), { href: `#${fresh[0].id}` }));
        row.hidden = false;
      }
    }
    if (stories.length && !location.search) remember(newest);
  }
  function remember(newest) {
    const last = visits[here];
    visits[here] = { at: now, newest: Math.max(newest, (last && last.newest) || 0) };
    const kept = Object.entries(visits).sort((a, b) => b[1].at - a[1].at).slice(0, 200);
    store.set("visits", Object.fromEntries(kept));
  }

  function followBox() {
    const box = document.querySelector("[data-follow]");
    const button = box && box.querySelector("button");
    if (!button) return;
    const path = box.dataset.follow;
    const show = () => {
      const on = store.get("follows", []).some((one) => one.path === path);
      button.textContent = on ? button.dataset.on : button.dataset.off;
      button.setAttribute("aria-pressed", String(on));
    };
    button.addEventListener("click", () => {
      const follows = store.get("follows", []);
      const rest = follows.filter((one) => one.path !== path);
      if (rest.length === follows.length && follows.length >= 500) { button.textContent = button.dataset.full; return; }
      const newest = Math.max(0, ...stories.map((story) => Number(story.dataset.at)));
      store.set("follows", rest.length < follows.length ? rest : [{ path, name: box.dataset.name, newest }, ...follows]);
      show();
    });
    show();
    button.hidden = false;
    const mine = store.get("follows", []).find((one) => one.path === path);
    if (mine && stories.length) {
      mine.newest = Math.max(mine.newest || 0, ...stories.map((story) => Number(story.dataset.at)));
      store.set("follows", store.get("follows", []).map((one) => (one.path === path ? mine : one)));
    }
  }

  const faceOf = (path) => {
    const [page, query] = path.split("?");
    return page.replace(/\/$/, "") + ".json" + (query ? `?${query}` : "");
  };
  function fillFollows(list) {
    const follows = store.get("follows", []).filter((one) => typeof one.path === "string" && one.path.startsWith("/") && !one.path.startsWith("//"));
    list.replaceChildren();
    if (!follows.length) list.append(make("li", list.dataset.empty));
    const waiting = new Map(); // rows that were not seen yet: each is asked about when it is
    const ask = async (one, count) => {
      try {
        const feed = await (await fetch(faceOf(one.path))).json();
        const fresh = feed.items.filter((item) => Date.parse(item.date_published) / 1000 > (one.newest || 0)).length;
        count.textContent = fresh === 1 ? list.dataset.newOne : fresh ? list.dataset.newMany.replace("{n}", fresh) : list.dataset.none;
        count.className = fresh ? "fresh" : "";
      } catch { count.textContent = ""; }
    };
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((each) => each.isIntersecting && waiting.has(each.target))) {
        ask(...waiting.get(entry.target));
        waiting.delete(entry.target);
        watch.unobserve(entry.target);
      }
    });
    for (const one of follows) {
      const row = make("li");
      const count = make("span", "…");
      const remove = make("button", list.dataset.remove, { type: "button" });
      remove.addEventListener("click", () => { store.set("follows", store.get("follows", []).filter((other) => other.path !== one.path)); fillFollows(list); });
      row.append(make("a", one.name, { href: one.path }), count, remove);
      list.append(row);
      waiting.set(row, [one, count]);
      watch.observe(row);
    }
  }

  let at = -1;
  function step(by) {
    if (!stories.length) return;
    if (stories[at]) stories[at].classList.remove("here");
    at = Math.min(Math.max(at + by, 0), stories.length - 1);
    stories[at].classList.add("here");
    stories[at].querySelector("h3 a").focus({ preventScroll: true });
    stories[at].scrollIntoView({ block: "center" });
  }
  function help() {
    const open = document.querySelector("dialog");
    if (open) { open.showModal(); return; }
    const dialog = make("dialog", "", { "aria-label": words.keys });
    dialog.append(make("h2", words.keys));
    for (const [key, name] of [["j", words.next], ["k", words.previous], ["o", words.open], ["m", words.mark], ["/", words.search], ["?", words.help]]) {
      const line = make("p");
      line.append(make("kbd", key), ` ${name}`);
      dialog.append(line);
    }
    const close = make("button", words.close, { type: "button" });
    close.addEventListener("click", () => dialog.close());
    dialog.append(close);
    document.body.append(dialog);
    dialog.showModal();
  }
  function markAll() {
    for (const story of stories) story.classList.remove("unread");
    const row = document.querySelector("[data-new]");
    if (row) row.hidden = true;
    if (stories.length) remember(Math.max(...stories.map((story) => Number(story.dataset.at))));
  }
  const keys = { j: () => step(1), k: () => step(-1), m: markAll, "?": help, "/": () => document.getElementById("q").focus(), o: () => { if (stories[at]) stories[at].querySelector("h3 a").click(); } };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
  });

  // An account's own pages: what is opened counts as read, and a device's lists may be brought along.
  function account() {
    for (const list of document.querySelectorAll("[data-read]")) {
      list.addEventListener("click", (event) => {
        const story = event.target.closest("h3 a") && event.target.closest("li.new");
        if (!story) return;
        const form = story.querySelector("form");
        fetch(list.dataset.read, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" });
        story.classList.remove("new");
      });
    }
    const bring = document.querySelector("[data-bring]");
    const follows = store.get("follows", []);
    if (bring && follows.length) {
      for (const one of follows) bring.append(make("input", "", { type: "hidden", name: "lists", value: one.path }));
      bring.hidden = false;
    }
  }

  showNew();
  account();
  followBox();
  const list = document.querySelector("[data-follows]");
  if (list) fillFollows(list);
})();
